import { expect, test } from "vitest";
import { filtered, listCommand, queryOf } from "./query";

test("an address asks for what it says, and what makes no sense is left out", () => {
  expect(
    queryOf({ q: "ann", active: "false", verified: "perhaps", factor: "totp", created_from: "2026-01-01T00:00:00Z" }),
  ).toEqual({
    q: "ann",
    active: false,
    factor: "totp",
    created_from: "2026-01-01T00:00:00Z",
  });
  expect(queryOf({ factor: "magic" })).toEqual({});
  expect(filtered({ q: "ann", active: "true", created_until: "2026-01-01T00:00:00Z" })).toBe(2);
});

test("the command takes words as words", () => {
  expect(String(listCommand("acme", { q: "o'neil x", active: "true", created_from: "2026" }))).toBe(
    `admin user list --tenant acme -q 'o'\\''neil x' --active true`,
  );
});
