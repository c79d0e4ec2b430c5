import { expect, test } from "vitest";
import { loginLabel, loginOf } from "./login";

test("a field for several ways is named after all of them", () => {
  expect(loginLabel(["email"])).toBe("Email address");
  expect(loginLabel(["email", "username"])).toBe("Email address or username");
  expect(loginLabel(["username", "email", "phone"])).toBe("Username, email address or phone number");
  expect(loginLabel([])).toBe("Email address");
});

test.each([
  [" ann@example.org ", { email: "ann@example.org" }],
  ["+49 (89) 123-4567", { phone: "+49891234567" }],
  ["ann", { username: "ann" }],
  ["0891234567", { username: "0891234567" }],
])("%j is told apart", (typed, login) => {
  expect(loginOf(typed, ["email", "username", "phone"])).toEqual(login);
});

test("what the tenant does not take is sent as what it takes first", () => {
  expect(loginOf("ann", ["email"])).toEqual({ email: "ann" });
  expect(loginOf("ann@example.org", ["username"])).toEqual({ username: "ann@example.org" });
});
