import { expect, test } from "vitest";
import { fromUnits, unitOf } from "./units";

test("lengths of time have the largest unit that they are whole in", () => {
  expect(unitOf(1_209_600)).toBe("days");
  expect(unitOf(5400)).toBe("minutes");
  expect(unitOf(7200)).toBe("hours");
  expect(unitOf(90)).toBe("seconds");
  expect(unitOf(0)).toBe("seconds");
});

test("a number of some unit is a number of seconds", () => {
  expect(fromUnits(2, "days")).toBe(172_800);
  expect(fromUnits(15, "minutes")).toBe(900);
});
