import { expect, test } from "vitest";
import { moment } from "./moments";

test("what was typed comes back as it was, whatever the reader's zone", () => {
  for (const typed of ["2026-06-01", "2026-12-31"]) {
    expect(moment.typed(moment.of(typed), true)).toBe(typed);
  }
  expect(moment.typed(moment.of("2026-06-01T13:05"))).toBe("2026-06-01T13:05");
});

test("what is no time is none", () => {
  expect(moment.of("")).toBeUndefined();
  expect(moment.of("0002-01-01")).toBeUndefined();
  expect(moment.typed("yesterday")).toBe("");
  expect(moment.typed(undefined)).toBe("");
});
