import { expect, test } from "vitest";
import { metadataFault, metadataOf, written } from "./json";

test("metadata are an object", () => {
  expect(metadataOf("")).toEqual({});
  expect(metadataOf('{"a": [null, 1]}')).toEqual({ a: [null, 1] });
  expect(metadataOf("[1]")).toBeUndefined();
  expect(metadataOf("null")).toBeUndefined();
  expect(metadataOf("{a: 1}")).toBeUndefined();
});

test("what is wrong is said", () => {
  expect(metadataFault('{"a": [null]}')).toBeUndefined();
  expect(metadataFault("7")).toMatch(/JSON object/);
  expect(metadataFault('{"a": {"b": null}}')).toMatch(/null/);
  expect(metadataFault(`{"a": "${"é".repeat(8192)}"}`)).toMatch(/16 KiB/);
});

test("nothing is written as nothing", () => {
  expect(written({})).toBe("{}");
  expect(written({ a: 1 })).toBe('{\n  "a": 1\n}');
});
