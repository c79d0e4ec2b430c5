import { expect, test } from "vitest";
import { askNext, nextOf, pathIn } from "./next";

test.each(["/", "/account/sessions", "/account/passkeys?new=1#end", "/a//b"])("%s is a path of this app", (path) => {
  expect(pathIn(path)).toBe(path);
  expect(nextOf(askNext(path))).toBe(path);
});

test.each([
  null,
  "",
  "account",
  "https://evil.example/",
  "//evil.example/",
  "/\\evil.example/",
  "\\\\evil.example/",
  "/\t/evil.example/",
  "/.//evil.example/",
  "/a/..//evil.example/",
  "javascript:alert(1)",
  " //evil.example/",
])("%s is not, and leads home", (path) => {
  expect(pathIn(path)).toBe("/");
});
