import { expect, test } from "vitest";
import { alike, inserted, ownOf, partsOf } from "./words";

test("a kind has the parts of the ways that it goes out", () => {
  expect(partsOf({ channels: ["mail"] })).toEqual(["subject", "text", "html"]);
  expect(partsOf({ channels: ["sms"] })).toEqual(["sms"]);
  expect(partsOf({ channels: ["mail", "sms"] })).toEqual(["subject", "text", "html", "sms"]);
});

test("what is empty is built in, and no words of one's own", () => {
  const own = ownOf({ own: { subject: "Hello", text: "", html: "", sms: "" } });
  expect(own).toEqual({ subject: "Hello" });
  expect(alike(own, { subject: "Hello", text: "" })).toBe(true);
  expect(alike(own, {})).toBe(false);
});

test("a variable is put in the place of what is selected", () => {
  expect(inserted("Your code: X.", "code", 11, 12)).toEqual({ text: "Your code: {{.code}}.", at: 20 });
  expect(inserted("", "url", 0, 0)).toEqual({ text: "{{.url}}", at: 8 });
});
