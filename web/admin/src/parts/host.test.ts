import { expect, test } from "vitest";
import { hostOf, hostWithoutPort } from "./host";

test("hosts are what is left of an address", () => {
  expect(hostOf(" https://Auth.Example.org/path?x ")).toBe("auth.example.org");
  expect(hostOf("auth.example.org:8443")).toBe("auth.example.org:8443"); // the server says what is wrong with it
  expect(hostWithoutPort("http://auth.example.org:8443/there")).toBe("auth.example.org");
  expect(hostWithoutPort("")).toBe("");
});
