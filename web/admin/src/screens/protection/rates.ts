// Rates such as "20/m/ip,5/5m/key", read and written as the server reads and writes them, and read aloud.
// A window is a number of milliseconds, since the server takes tenths of a second.
import { number } from "../../parts/words";

export type Per = "ip" | "user" | "key";

export interface Rate {
  amount: number;
  window: number;
  per: Per;
}

const sizes = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
type Size = keyof typeof sizes;

const most = { amount: 1_000_000, window: 31 * sizes.d, rates: 8 };
const least = 100;

/** What is wrong with a text; a sentence that goes after the name of a setting. */
export class RateFault extends Error {}

/** Reads rates. No text is no rates. Throws a RateFault. */
export function parseRates(text: string): Rate[] {
  if (text.trim() === "") {
    return [];
  }
  const rates: Rate[] = [];
  for (const part of text.split(",")) {
    const rate = parseRate(part.trim());
    if (rates.some((other) => other.window === rate.window && other.per === rate.per)) {
      throw new RateFault(
        "must not have two rates of one duration per ip, user or key: only the smaller could ever count",
      );
    }
    rates.push(rate);
  }
  if (rates.length > most.rates) {
    throw new RateFault(`must be at most ${most.rates} rates`);
  }
  return rates;
}

function parseRate(text: string): Rate {
  const [amountText = "", windowText, per = "ip", ...rest] = text.split("/");
  if (windowText === undefined || rest.length > 0) {
    throw new RateFault("must be rates such as 20/m/ip or 5/10m/key, separated by commas");
  }
  const amount = /^[+-]?\d+$/.test(amountText) ? Number(amountText) : Number.NaN;
  if (!(amount >= 1 && amount <= most.amount)) {
    throw new RateFault(`a rate's amount must be a whole number from 1 to ${most.amount}`);
  }
  const window = parseWindow(windowText);
  if (per !== "ip" && per !== "user" && per !== "key") {
    throw new RateFault("a rate must be per ip, user or key");
  }
  return { amount, window, per };
}

function parseWindow(text: string): number {
  const bad = new RateFault("a rate's duration must be such as 10s, m, 5m, h or d, and at most 31d");
  const unit = text.at(-1) ?? "";
  if (!Object.hasOwn(sizes, unit)) {
    throw bad;
  }
  const digits = text.slice(0, -1);
  if (digits !== "" && !/^(\d+\.?\d*|\.\d+)$/.test(digits)) {
    throw bad;
  }
  const window = (digits === "" ? 1 : Number(digits)) * sizes[unit as Size];
  if (window < least || window > most.window) {
    throw bad;
  }
  return Math.round(window);
}

/** The number and unit of a window, as it is written: the largest unit that it is whole in. */
export function windowParts(window: number): { n: number; unit: Size } {
  for (const unit of ["d", "h", "m"] as const) {
    if (window >= sizes[unit] && window % sizes[unit] === 0) {
      return { n: window / sizes[unit], unit };
    }
  }
  return { n: window / 1000, unit: "s" };
}

export const windowOf = (n: number, unit: Size): number => Math.round(n * sizes[unit]);

/** Writes rates the way they are read. */
export function writeRates(rates: Rate[]): string {
  return rates
    .map(({ amount, window, per }) => {
      const { n, unit } = windowParts(window);
      return `${amount}/${n === 1 && unit !== "s" ? "" : n}${unit}/${per}`;
    })
    .join(",");
}

const long: Record<Size, string> = { s: "second", m: "minute", h: "hour", d: "day" };

/** "a minute", "in 5 minutes", "in 1.5 seconds". */
function within(window: number): string {
  const { n, unit } = windowParts(window);
  if (n === 1) {
    return unit === "h" ? "an hour" : `a ${long[unit]}`;
  }
  return `in ${number(n)} ${long[unit]}s`;
}

/** What is counted, for one and for many: "failed sign-in", "failed sign-ins". */
export interface Counted {
  one: string;
  many: string;
  /** What a key is: "account", "address". */
  key: string;
}

/** Rates in plain words: "At most 10 failed sign-ins a minute from one address, and 5 in 5 minutes for one account." */
export function inWords(rates: Rate[], counted: Counted): string {
  if (rates.length === 0) {
    return `No limit on ${counted.many}.`;
  }
  const by: Record<Per, string> = {
    ip: "from one network address",
    user: "by one account",
    key: `for one ${counted.key}`,
  };
  const parts = rates.map(({ amount, window, per }, i) => {
    const n = number(amount);
    const noun = i > 0 ? "" : ` ${amount === 1 ? counted.one : counted.many}`;
    return `${n}${noun} ${within(window)} ${by[per]}`;
  });
  const last = parts.pop();
  return `At most ${parts.length > 0 ? `${parts.join(", ")}, and ` : ""}${last}.`;
}
