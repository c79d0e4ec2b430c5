import { expect, test } from "vitest";
import { partsOf } from "./parts";

test("a link to a page of this app is told apart from others", () => {
  expect(
    partsOf("Open\n\nhttp://localhost:8080/verify-email/Mg:1a-b_c.\n\nOr (http://localhost:8080/elsewhere)"),
  ).toEqual([
    { kind: "text", text: "Open\n\n" },
    { kind: "link", text: "http://localhost:8080/verify-email/Mg:1a-b_c", path: "/verify-email/Mg:1a-b_c" },
    { kind: "text", text: ".\n\nOr (" },
    { kind: "link", text: "http://localhost:8080/elsewhere" },
    { kind: "text", text: ")" },
  ]);
});

test("a code is one where it has its line to itself", () => {
  expect(partsOf("Enter this code:\n\nBCDF-GHJK\n\nDo not SHARE it.")).toEqual([
    { kind: "text", text: "Enter this code:\n\n" },
    { kind: "code", text: "BCDF-GHJK" },
    { kind: "text", text: "\n\nDo not SHARE it." },
  ]);
});

test("a code is one where it begins a text message", () => {
  expect(partsOf("123456789 is your code for Demo.")).toEqual([
    { kind: "code", text: "123456789" },
    { kind: "text", text: " is your code for Demo." },
  ]);
});

test("what has neither is text", () => {
  expect(partsOf("Your password was changed.")).toEqual([{ kind: "text", text: "Your password was changed." }]);
  expect(partsOf("")).toEqual([]);
});
