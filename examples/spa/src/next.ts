/** The page that a visitor wanted before they had to sign in, as `?next=` has it. */
export function nextOf(search: string): string {
  return pathIn(new URLSearchParams(search).get("next"));
}

/** The same for a link: `to={`/signin${askNext("/account")}`}`. */
export function askNext(path: string): string {
  return path === "/" ? "" : `?next=${encodeURIComponent(path)}`;
}

/**
 * A path of this app; anything else becomes "/". Whoever makes a link decides what it asks for, and must not be able to send somebody who
 * has just signed in to a site of their own: that is an open redirect.
 */
export function pathIn(wanted: string | null): string {
  const here = "http://here.invalid";
  if (!wanted?.startsWith("/") || !URL.canParse(wanted, here)) {
    return "/";
  }
  const url = new URL(wanted, here); // browsers read "//host" and "/\host" as another host, and this does as well
  return url.origin === here && !url.pathname.startsWith("//") ? url.pathname + url.search + url.hash : "/";
}
