import { expect, test } from "vitest";
import { faultsOf } from "../api/problem";
import { differences, type JsonObject, patched, patchOf, withValue } from "./patch";

const of = (text: string) => JSON.parse(text) as JsonObject;

test("nothing that is patched changes what all objects have", () => {
  patched({}, of('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'));
  withValue({}, ["__proto__", "polluted"], true);
  withValue({}, ["constructor", "prototype", "polluted"], true);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test("a name that all objects have can be taken away", () => {
  for (const name of ["constructor", "toString", "valueOf", "hasOwnProperty"]) {
    const sent = JSON.stringify(patchOf(of(`{"${name}":"x"}`), {}));
    expect(sent, name).toBe(`{"${name}":null}`);
  }
});

test("a value under __proto__ is sent as it is", () => {
  expect(JSON.stringify(patchOf({}, of('{"__proto__":{"a":1}}')))).toBe('{"__proto__":{"a":1}}');
  expect(differences({}, of('{"__proto__":{"a":1}}'))).toHaveLength(1);
});

test("a fault of a path that all objects have is in its own words", () => {
  const problem = { type: "x", title: "x", status: 422, errors: [{ path: "constructor", message: "is wrong" }] };
  expect(faultsOf(problem).constructor).toBe("is wrong");
});
