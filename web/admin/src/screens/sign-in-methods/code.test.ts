import { expect, test } from "vitest";
import { exampleCode, formatOf } from "./code";

test("a format that says nothing is eight letters with a dash, or nine digits", () => {
  expect(formatOf(undefined)).toEqual({ numeric: false, dashed: true, length: 8 });
  expect(formatOf({ numeric: true })).toEqual({ numeric: true, dashed: true, length: 9 });
});

test("examples have the shape", () => {
  expect(exampleCode({ numeric: true, dashed: false, length: 6 })).toMatch(/^\d{6}$/);
  expect(exampleCode({ numeric: true, dashed: true, length: 9 })).toMatch(/^\d{4}-\d{5}$/);
  expect(exampleCode({ numeric: false, dashed: true, length: 8 })).toMatch(/^[A-Z]{4}-[A-Z]{4}$/);
});
