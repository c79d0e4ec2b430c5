import { expect, test } from "vitest";
import { through } from "./through";

test("nobody is led back to a page that asks who they are", () => {
  expect(through("/tenants/acme?q=a")).toBe("/tenants/acme?q=a");
  expect(through("/second-factor?return=%2Ftenants%3Fq%3Da")).toBe("/tenants?q=a");
  expect(through("/sign-in?return=%2Fsecond-factor%3Freturn%3D%252Ftokens")).toBe("/tokens");
  expect(through("/second-factor")).toBeUndefined();
  expect(through(undefined)).toBeUndefined();
});
