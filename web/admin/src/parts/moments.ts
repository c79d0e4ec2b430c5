const two = (n: number) => String(n).padStart(2, "0");

export const moment = {
  /** What a date field shows for a time: the reader's own day, and hour where that is asked for. */
  typed(at: string | undefined, day = false): string {
    const then = at ? new Date(at) : undefined;
    if (!then || Number.isNaN(then.getTime())) {
      return "";
    }
    const date = `${String(then.getFullYear()).padStart(4, "0")}-${two(then.getMonth() + 1)}-${two(then.getDate())}`;
    return day ? date : `${date}T${two(then.getHours())}:${two(then.getMinutes())}`;
  },
  /** The time that a date field holds, as the API takes it; undefined if there is none, or not yet a whole one. */
  of(typed: string): string | undefined {
    const then = new Date(typed.length === 10 ? `${typed}T00:00` : typed);
    return Number.isNaN(then.getTime()) || then.getFullYear() < 1970
      ? undefined
      : then.toISOString().replace(".000Z", "Z");
  },
};
