import { expect, test } from "vitest";
import { type Me, may } from "./may";

const nobody: Me = { kind: "operator", id: "1", name: "Ann", grants: [], permissions: [], tenants: [] };

test("what is granted with the platform holds with every tenant, and with the operators' own for owners alone", () => {
  const admin: Me = { ...nobody, permissions: ["users.read", "tenants.create"] };
  expect(may(admin, "users.read")).toBe(true);
  expect(may(admin, "users.read", "acme")).toBe(true);
  expect(may(admin, "users.read", "system")).toBe(false);
  expect(may(admin, "users.erase", "acme")).toBe(false);
  const owner: Me = { ...nobody, permissions: ["users.read", "operators.change"] };
  expect(may(owner, "users.read", "system")).toBe(true);
});

test("what is granted with one tenant holds with no other, nor with the platform", () => {
  const support: Me = { ...nobody, tenants: [{ tenant: "acme", tenant_id: "1", permissions: ["users.read"] }] };
  expect(may(support, "users.read", "acme")).toBe(true);
  expect(may(support, "users.read", "other")).toBe(false);
  expect(may(support, "users.read")).toBe(false);
  expect(may(undefined, "users.read", "acme")).toBe(false);
});
