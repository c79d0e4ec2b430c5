// What a screen shows stands in its address, so that a link shows somebody else the same.
import { useNavigate, useSearch } from "@tanstack/react-router";

export type Search = Record<string, string | undefined>;

/** The search parameters of the screen, and how to change some of them; undefined or "" takes one away. */
export function useAddress(): [Search, (change: Search, replace?: boolean) => void] {
  const search = useSearch({ strict: false }) as Search;
  const navigate = useNavigate();
  const set = (change: Search, replace = true) =>
    void navigate({
      to: ".",
      replace,
      resetScroll: false,
      search: ((before: Search) =>
        Object.fromEntries(
          Object.entries({ ...before, ...change }).filter(([, v]) => v !== undefined && v !== ""),
        )) as never,
    });
  return [search, set];
}

/** An address of the admin API that is opened as a link, such as that of an export. */
export function withQuery(path: string, query: Search): string {
  const q = new URLSearchParams(Object.entries(query).flatMap(([k, v]) => (v ? [[k, v] as [string, string]] : [])));
  return q.size > 0 ? `${path}?${q}` : path;
}
