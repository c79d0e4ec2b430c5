// Tenants that this browser keeps at hand: those that were starred, and those that were looked at last.

export interface Known {
  slug: string;
  name: string;
}

const read = (key: string): Known[] => {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(found) ? found.filter((t) => typeof t?.slug === "string" && typeof t?.name === "string") : [];
  } catch {
    return []; // storage may be forbidden, or hold something else
  }
};

const write = (key: string, list: Known[]) => {
  try {
    localStorage.setItem(key, JSON.stringify(list));
  } catch {
    // nothing is kept where nothing may be
  }
};

export const favourites = (): Known[] => read("vestibule.favourites");
export const recent = (): Known[] => read("vestibule.recent");
export const isFavourite = (slug: string): boolean => favourites().some((t) => t.slug === slug);

/** Stars a tenant, or takes the star away. */
export function toggleFavourite(slug: string, name: string): void {
  const others = favourites().filter((t) => t.slug !== slug);
  write("vestibule.favourites", isFavourite(slug) ? others : [...others, { slug, name }]);
}

/** Remembers that a tenant was looked at. */
export function visited(slug: string, name: string): void {
  write("vestibule.recent", [{ slug, name }, ...recent().filter((t) => t.slug !== slug)].slice(0, 6));
}

/** Forgets all of them. */
export function forgetAll(): void {
  write("vestibule.favourites", []);
  write("vestibule.recent", []);
}

/** Forgets a tenant that is gone. */
export function forgotten(slug: string): void {
  for (const [key, list] of [
    ["vestibule.favourites", favourites()],
    ["vestibule.recent", recent()],
  ] as const) {
    write(
      key,
      list.filter((t) => t.slug !== slug),
    );
  }
}
