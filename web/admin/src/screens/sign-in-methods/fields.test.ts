import { expect, test } from "vitest";
import { missing, moved, readFields, writeFields } from "./fields";

test("fields are read and written with their stars", () => {
  const list = ["email*", "username", "password1*"];
  expect(readFields(list)[1]).toEqual({ name: "username", required: false });
  expect(writeFields(readFields(list))).toEqual(list);
});

test("fields move, and not beyond either end", () => {
  const fields = readFields(["email*", "username", "password1*"]);
  expect(writeFields(moved(fields, 1, -1))).toEqual(["username", "email*", "password1*"]);
  expect(moved(fields, 0, -1)).toEqual(fields);
  expect(moved(fields, 2, 1)).toEqual(fields);
});

test("what is not asked for can be added", () => {
  expect(missing(readFields(["email*", "password1*"]))).toEqual(["username", "email2", "phone", "password2"]);
});
