// Counts over time, as the server tells them, made ready to be drawn, tabled and put into a sentence. Days and months are UTC's, as they
// were counted; hours are the reader's.

import type { Schema } from "../api/client";
import { number } from "./words";

export type Stats = Schema<"Stats">;
export type Interval = Stats["interval"];

/** What is drawn of each interval: a count by its name on the wire, and what it is called. */
export interface Line {
  name: string;
  label: string;
  tone: Tone;
}

export type Tone = "good" | "bad" | "calm" | "warn";

const colours: Record<Tone, { light: string; dark: string }> = {
  good: { light: "green-7", dark: "green-4" },
  bad: { light: "red-8", dark: "red-5" },
  calm: { light: "blue-8", dark: "blue-4" },
  warn: { light: "orange-9", dark: "orange-4" },
};

/** The theme's variable for a tone: it has a contrast of 3 or more against the ground in that scheme. */
export const toneVariable = (tone: Tone, scheme: "light" | "dark") => `--mantine-color-${colours[tone][scheme]}`;

const of = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat("en-GB", options);
const long: Record<Interval, Intl.DateTimeFormat> = {
  hour: of({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }),
  day: of({ weekday: "short", day: "numeric", month: "short", timeZone: "UTC" }),
  month: of({ month: "long", year: "numeric", timeZone: "UTC" }),
};
const short: Record<Interval, Intl.DateTimeFormat> = {
  hour: of({ hour: "2-digit", minute: "2-digit" }),
  day: of({ day: "numeric", month: "short", timeZone: "UTC" }),
  month: of({ month: "short", year: "2-digit", timeZone: "UTC" }),
};

/** When an interval began: "Thu, 26 Nov"; short where there is little room: "26 Nov". */
export function when(at: string, interval: Interval, brief = false): string {
  return (brief ? short : long)[interval].format(new Date(at));
}

/** The time that is looked at, in words. */
export const period: Record<Interval, string> = { hour: "48 hours", day: "30 days", month: "12 months" };

/** The values of one count, interval by interval. */
export function valuesOf(stats: Stats, name: string): number[] {
  return stats.series.map((s) => s.counts[name] ?? 0);
}

export const total = (values: number[]): number => values.reduce((sum, n) => sum + n, 0);

/** Where the most happened; -1 if nothing did. */
export function peak(values: number[]): number {
  let best = -1;
  for (const [i, n] of values.entries()) {
    if (n > 0 && (best < 0 || n > (values[best] ?? 0))) {
      best = i;
    }
  }
  return best;
}

/** What a chart shows, for whoever does not see it. */
export function inOneSentence(stats: Stats, lines: Line[]): string {
  const parts = lines.map((line) => {
    const values = valuesOf(stats, line.name);
    const at = stats.series[peak(values)];
    const name = line.label.charAt(0).toLowerCase() + line.label.slice(1);
    const most = at ? `, the most ${number(at.counts[line.name] ?? 0)} (${when(at.at, stats.interval)})` : "";
    return `${name}: ${number(total(values))} in all${most}`;
  });
  return `The last ${period[stats.interval]}. ${parts.join("; ")}.`;
}

/** How large a part is of the whole, such as "12%"; undefined where there is no whole. */
export function share(part: number, whole: number): string | undefined {
  if (whole <= 0) {
    return undefined;
  }
  const percent = (100 * part) / whole;
  if (part > 0 && percent < 1) {
    return "under 1%";
  }
  return part < whole && percent > 99 ? "over 99%" : `${Math.round(percent)}%`;
}

/** Which intervals are named beneath a chart, so that no two names touch; the last one always is. */
export function ticks(n: number, room: number): number[] {
  const step = Math.max(1, Math.ceil(n / Math.max(1, room)));
  const found: number[] = [];
  for (let i = n - 1; i >= 0; i -= step) {
    found.unshift(i);
  }
  return found;
}
