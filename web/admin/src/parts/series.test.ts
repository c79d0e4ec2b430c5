import { expect, test } from "vitest";
import { inOneSentence, peak, type Stats, share, ticks, total, valuesOf, when } from "./series";

const stats: Stats = {
  interval: "day",
  from: "2026-11-24T00:00:00Z",
  to: "2026-11-27T00:00:00Z",
  series: [
    { at: "2026-11-24T00:00:00Z", counts: { logins: 3 } },
    { at: "2026-11-25T00:00:00Z", counts: { logins: 1200, login_failures: 0 } },
    { at: "2026-11-26T00:00:00Z", counts: {} },
  ],
  totals: { logins: 1203 },
};

test("a chart in a sentence", () => {
  expect(
    inOneSentence(stats, [
      { name: "logins", label: "Sign-ins", tone: "good" },
      { name: "login_failures", label: "Failures", tone: "bad" },
    ]),
  ).toBe("The last 30 days. sign-ins: 1,203 in all, the most 1,200 (Wed 25 Nov); failures: 0 in all.");
});

test("what is not counted is nought", () => {
  expect(valuesOf(stats, "logins")).toEqual([3, 1200, 0]);
  expect(total(valuesOf(stats, "signups"))).toBe(0);
  expect(peak([0, 0])).toBe(-1);
  expect(peak([1, 5, 5])).toBe(1);
});

test("days are UTC's", () => {
  expect(when("2026-11-24T00:00:00Z", "day", true)).toBe("24 Nov");
  expect(when("2026-11-01T00:00:00Z", "month")).toBe("November 2026");
});

test("shares never claim all or nothing that is not", () => {
  expect(share(0, 0)).toBeUndefined();
  expect(share(0, 10)).toBe("0%");
  expect(share(1, 1000)).toBe("under 1%");
  expect(share(999, 1000)).toBe("over 99%");
  expect(share(10, 10)).toBe("100%");
});

test("the last interval is always named", () => {
  expect(ticks(5, 10)).toEqual([0, 1, 2, 3, 4]);
  expect(ticks(30, 4)).toEqual([5, 13, 21, 29]);
  expect(ticks(0, 4)).toEqual([]);
});
