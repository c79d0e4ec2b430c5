/** Seconds since 1970, as the headless API counts, as an instant. */
export function at(seconds: number | null | undefined): string | null {
  return seconds ? new Date(seconds * 1000).toISOString() : null;
}
