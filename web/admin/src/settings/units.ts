// Lengths of time as people set them: a number, and a unit.

export const units = { seconds: 1, minutes: 60, hours: 3600, days: 86_400 };
export type Unit = keyof typeof units;

/** The largest unit that a number of seconds is whole in. */
export function unitOf(seconds: number): Unit {
  if (seconds === 0) {
    return "seconds";
  }
  for (const unit of ["days", "hours", "minutes"] as const) {
    if (seconds % units[unit] === 0) {
      return unit;
    }
  }
  return "seconds";
}

/** A number of some unit in seconds. */
export function fromUnits(n: number, unit: Unit): number {
  return Math.round(n * units[unit]);
}
