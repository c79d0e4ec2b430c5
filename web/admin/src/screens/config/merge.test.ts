import { expect, test } from "vitest";
import { matches, merge, settled } from "./merge";

const lines = (...all: string[]) => all.join("\n");
const mine = () => "mine" as const;
const theirs = () => "theirs" as const;

test("what does not touch each other is put together", () => {
  const base = lines("name: Demo", "config:", "  a: 1", "  b: 2", "  c: 3", "");
  const pieces = merge(
    base,
    lines("name: Demo", "config:", "  a: 9", "  b: 2", "  c: 3", ""),
    lines("name: Demo", "config:", "  a: 1", "  b: 2", "  c: 3", "  d: 4", ""),
  );
  expect(pieces).toHaveLength(1);
  expect(settled(pieces, mine)).toBe(lines("name: Demo", "config:", "  a: 9", "  b: 2", "  c: 3", "  d: 4", ""));
});

test("what both changed alike is no clash", () => {
  const pieces = merge(lines("a", "b", "c"), lines("a", "x", "c"), lines("a", "x", "c"));
  expect(settled(pieces, theirs)).toBe(lines("a", "x", "c"));
  expect(pieces).toHaveLength(1);
});

test("what both changed otherwise is chosen", () => {
  const pieces = merge(lines("a", "b", "c", "d"), lines("a", "mine", "c", "d"), lines("a", "theirs", "c"));
  expect(pieces.filter((p) => "mine" in p)).toEqual([{ base: ["b"], mine: ["mine"], theirs: ["theirs"] }]);
  expect(settled(pieces, mine)).toBe(lines("a", "mine", "c"));
  expect(settled(pieces, theirs)).toBe(lines("a", "theirs", "c"));
});

test("one who changed nothing gets the other's text, whatever it is", () => {
  const base = lines("a", "b", "", "b", "c");
  for (const other of ["", "a", lines("b", "a", "c", "b", ""), lines("x", base), lines(base, "x")]) {
    expect(settled(merge(base, base, other), mine)).toBe(other);
    expect(settled(merge(base, other, base), theirs)).toBe(other);
    expect(settled(merge(base, other, other), theirs)).toBe(other);
  }
});

test("the longest common lines are found", () => {
  expect([...matches(["a", "b", "c", "d"], ["b", "x", "d"])]).toEqual([-1, 0, -1, 2]);
  const long = Array.from({ length: 5000 }, (_, i) => `line ${i}`);
  expect(matches(["first", ...long, "last"], ["first", ...long.toReversed(), "last"])[5001]).toBe(5001);
});
