/** What somebody typed as a host, without what belongs to a whole address. */
export function hostOf(typed: string): string {
  return typed
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, "")
    .replace(/[/?#].*$/, "");
}

/** The host of an address, without its port. */
export function hostWithoutPort(url: string): string {
  return hostOf(url).replace(/:\d+$/, "");
}
