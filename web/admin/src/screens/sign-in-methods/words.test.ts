import { expect, test } from "vitest";
import { flowInWords, loginLabel, stepInWords } from "./words";

test("what people sign in with is one label", () => {
  expect(loginLabel(["email"])).toBe("Email address");
  expect(loginLabel(["username", "email", "phone"])).toBe("Username, email address or phone number");
});

test("flows and steps that are not known are shown by their names", () => {
  expect(flowInWords("login")).toBe("Sign in with a password");
  expect(flowInWords("teleport")).toBe("teleport");
  expect(stepInWords(null)).toBe("they are signed in at once");
  expect(stepInWords("verify_email")).toBe("they have to verify their email address first");
  expect(stepInWords("teleport")).toBe("teleport is pending");
});
