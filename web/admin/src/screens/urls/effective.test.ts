import { expect, test } from "vitest";
import type { Json } from "../../settings/patch";
import { cookiesInWords, filled, publicURL } from "./effective";

const draft = (values: Record<string, Json>) => ({ value: (path: string) => values[path] });

test("the public URL is the one that is set, or the first host's", () => {
  expect(publicURL(draft({ "config.public_url": "https://id.example.org/", hosts: ["a.example"] }))).toBe(
    "https://id.example.org",
  );
  expect(publicURL(draft({ hosts: ["a.example", "b.example"] }))).toBe("https://a.example");
  expect(publicURL(draft({ hosts: [] }))).toBe("");
});

test("defaults are filled in", () => {
  expect(filled("<public_url>/account/signup", "https://a.example")).toBe("https://a.example/account/signup");
  expect(filled(undefined, "https://a.example")).toBeUndefined();
});

test("what the cookies' settings mean together", () => {
  const words = cookiesInWords({ url: "https://a.example", domain: "", sameSite: "Lax", secure: undefined });
  expect(words).toContain("a.example alone");
  expect(words).toContain("over https alone");
  const shared = cookiesInWords({ url: "http://a.example", domain: ".example", sameSite: "None", secure: undefined });
  expect(shared).toContain("example and every domain below it");
  expect(shared).toContain("over plain http, too");
});
