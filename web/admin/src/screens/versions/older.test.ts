import { expect, test } from "vitest";
import { before } from "./older";

test("a version is compared with the one before it, whatever its number", () => {
  const list = [{ version: 91 }, { version: 40 }, { version: 7 }];
  expect(before(list, 91)).toBe(40);
  expect(before(list, 40)).toBe(7);
  expect(before(list, 7)).toBeUndefined();
});
