// Times and numbers in words. They are the reader's: the browser's language and time zone.

const grouped = new Intl.NumberFormat("en");

/** A number as people read it: 1000 is "1,000". */
export const number = (n: number): string => grouped.format(n);

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 365 * 86400],
  ["month", 30 * 86400],
  ["week", 7 * 86400],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** How long ago, or in how long: "3 hours ago". */
export function ago(at: string | Date, now: Date = new Date()): string {
  const seconds = (new Date(at).getTime() - now.getTime()) / 1000;
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) {
      return relative.format(Math.trunc(seconds / size), unit);
    }
  }
  return Math.abs(seconds) < 10 ? "just now" : relative.format(Math.trunc(seconds), "second");
}

/** A number of seconds as people say it: 900 is "15 minutes", 5400 "1 hour 30 minutes". */
export function duration(seconds: number): string {
  const parts: string[] = [];
  let left = Math.round(seconds);
  for (const [unit, size] of [
    ["day", 86400],
    ["hour", 3600],
    ["minute", 60],
    ["second", 1],
  ] as const) {
    const n = Math.floor(left / size);
    left -= n * size;
    if (n > 0 && parts.length < 2) {
      parts.push(`${number(n)} ${unit}${n === 1 ? "" : "s"}`);
    }
  }
  return parts.join(" ") || "0 seconds";
}

/** "1 user", "2 users", "1,000 users". */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${number(n)} ${n === 1 ? one : many}`;
}

/** "user.login_failed" as "User login failed": names of the wire, for people. */
export function spoken(name: string): string {
  const words = name.replaceAll(/[._]/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
