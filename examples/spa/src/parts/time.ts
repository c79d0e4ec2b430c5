const long = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const short = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

/** A time of the API, which is in seconds since 1970, for people: only the hour of today's. */
export function timeOf(seconds: number): string {
  const at = new Date(seconds * 1000);
  return at.toDateString() === new Date().toDateString() ? `today, ${short.format(at)}` : long.format(at);
}
