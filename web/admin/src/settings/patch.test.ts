import { expect, test } from "vitest";
import { differences, merge, patched, patchOf, rebased, valueAt, withValue } from "./patch";

test("a patch turns one object into the other", () => {
  const before = { a: 1, b: { c: [1, 2], d: "x" }, e: true };
  const after = { a: 1, b: { c: [2], f: null }, g: { h: 1 } };
  const patch = patchOf(before, after);
  expect(patch).toEqual({ b: { c: [2], d: null, f: null }, e: null, g: { h: 1 } });
  expect(patched(before, patch)).toEqual({ a: 1, b: { c: [2] }, g: { h: 1 } });
  expect(patchOf(before, before)).toEqual({});
});

test("differences are told where they are", () => {
  expect(differences({ a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 }, d: 4 })).toEqual([
    { path: ["a", "c"], before: 2, after: 3 },
    { path: ["d"], before: undefined, after: 4 },
  ]);
});

test("values are set and taken away without touching the original", () => {
  const from = { a: { b: 1 } };
  expect(withValue(from, ["a", "c"], 2)).toEqual({ a: { b: 1, c: 2 } });
  expect(withValue(from, ["a", "b"], undefined)).toEqual({});
  expect(from).toEqual({ a: { b: 1 } });
  expect(valueAt(from, ["a", "b"])).toBe(1);
  expect(valueAt(from, ["a", "toString"])).toBeUndefined();
});

test("changes of two people are put together, and clashes are for somebody to choose", () => {
  const base = { account: { signup: true, verify: "none", fields: ["a"] } };
  const mine = { account: { signup: false, verify: "optional", fields: ["a", "b"] } };
  const theirs = { account: { signup: true, verify: "mandatory", fields: ["a", "b"] }, name: "x" };
  const { merged, clashes } = merge(base, mine, theirs);
  expect(merged).toEqual({ account: { signup: false, verify: "mandatory", fields: ["a", "b"] }, name: "x" });
  expect(clashes).toEqual([{ path: ["account", "verify"], base: "none", mine: "optional", theirs: "mandatory" }]);
});

test("a part that they took away clashes with a change inside it", () => {
  const { clashes, merged } = merge({ a: { b: 1, c: 1 } }, { a: { b: 2, c: 1 } }, {});
  expect(merged).toEqual({});
  expect(clashes).toEqual([{ path: ["a", "b"], base: 1, mine: 2, theirs: undefined }]);
});

test("what two people set in a section that was not there does not clash", () => {
  expect(differences({}, { a: { b: 1 } })).toEqual([{ path: ["a", "b"], before: undefined, after: 1 }]);
  expect(differences({ a: { b: 1 } }, {})).toEqual([{ path: ["a", "b"], before: 1, after: undefined }]);
  expect(differences({}, { a: {} })).toEqual([{ path: ["a"], before: undefined, after: {} }]);
  const { merged, clashes } = merge({}, { a: { b: 1 } }, { a: { c: 2 } });
  expect(clashes).toEqual([]);
  expect(merged).toEqual({ a: { b: 1, c: 2 } });
});

test("what was typed while a draft was saved goes on top of the answer, and nothing else of the draft does", () => {
  const sent = { name: "A", config: { secret: "typed", account: { signup: false } } };
  const now = { name: "Ac", config: { secret: "typed", account: {} } };
  const answer = { name: "A", config: { secret: "********", account: { signup: false, other: 1 } } };
  expect(rebased(sent, now, answer)).toEqual({ name: "Ac", config: { secret: "********", account: { other: 1 } } });
  expect(rebased(sent, sent, answer)).toEqual(answer);
});
