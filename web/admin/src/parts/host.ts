/** What somebody typed as a host, without what belongs to a whole address; what is none stays as it was typed. */
export function hostOf(typed: string): string {
  const host = typed
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, "")
    .replace(/[/?#].*$/, "");
  return host || typed.trim();
}

/** The host of an address, without its port. */
export function hostWithoutPort(url: string): string {
  return hostOf(url).replace(/:\d+$/, "");
}
