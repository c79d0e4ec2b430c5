import { expect, test } from "vitest";
import { inWords, parseRates, RateFault, windowOf, windowParts, writeRates } from "./rates";

const minute = 60_000;

test("rates are read, with the address where nothing else is named", () => {
  expect(parseRates("20/m/ip, 5/5m/key")).toEqual([
    { amount: 20, window: minute, per: "ip" },
    { amount: 5, window: 5 * minute, per: "key" },
  ]);
  expect(parseRates("3/10s")).toEqual([{ amount: 3, window: 10_000, per: "ip" }]);
  expect(parseRates("1/0.5s/user")).toEqual([{ amount: 1, window: 500, per: "user" }]);
  expect(parseRates("  ")).toEqual([]);
});

test.each([
  ["20", "must be rates such as"],
  ["1/m/ip/ip", "must be rates such as"],
  ["0/m", "whole number from 1"],
  ["1000001/m", "whole number from 1"],
  ["1.5/m", "whole number from 1"],
  ["x/m", "whole number from 1"],
  ["5/", "duration must be"],
  ["5/5", "duration must be"],
  ["5/5w", "duration must be"],
  ["5/1e3s", "duration must be"],
  ["5/.m", "duration must be"],
  ["5/1.2.3m", "duration must be"],
  ["5/32d", "duration must be"],
  ["5/0.01s", "duration must be"],
  ["5/m/browser", "per ip, user or key"],
  ["5/m,6/60s", "two rates of one duration"],
  ["1/s,1/2s,1/3s,1/4s,1/5s,1/6s,1/7s,1/8s,1/9s", "at most 8 rates"],
  ["5/m,", "must be rates such as"],
])("%s is refused, as the server refuses it", (text, message) => {
  expect(() => parseRates(text)).toThrow(RateFault);
  expect(() => parseRates(text)).toThrow(message);
});

test.each([
  ["20/m/ip,5/5m/key", "20/m/ip,5/5m/key"],
  ["5/60s", "5/m/ip"],
  ["5/90s/key", "5/90s/key"],
  ["5/24h/user", "5/d/user"],
  ["5/1s", "5/1s/ip"],
  ["5/1.5m", "5/90s/ip"],
  ["5/0.25s", "5/0.25s/ip"],
  ["", ""],
])("%s is written as %s", (text, written) => {
  expect(writeRates(parseRates(text))).toBe(written);
  expect(parseRates(written)).toEqual(parseRates(text));
});

test("windows have a number and a unit", () => {
  expect(windowParts(5 * minute)).toEqual({ n: 5, unit: "m" });
  expect(windowParts(90_000)).toEqual({ n: 90, unit: "s" });
  expect(windowOf(2, "h")).toBe(120 * minute);
});

test("rates are read aloud", () => {
  const logins = { one: "failed sign-in", many: "failed sign-ins", key: "account" };
  const read = (text: string) => inWords(parseRates(text), logins);
  expect(read("10/m/ip,5/5m/key")).toBe(
    "At most 10 failed sign-ins a minute from one network address, and 5 in 5 minutes for one account.",
  );
  expect(read("1/h/user")).toBe("At most 1 failed sign-in an hour by one account.");
  expect(read("1000/1.5s")).toBe("At most 1,000 failed sign-ins in 1.5 seconds from one network address.");
  expect(read("9/s,5/m/key,2/d/user")).toBe(
    "At most 9 failed sign-ins a second from one network address, 5 a minute for one account, and 2 a day by one account.",
  );
  expect(read("")).toBe("No limit on failed sign-ins.");
});
