import { expect, test } from "vitest";
import type { Me } from "../session/may";
import { open, placeAt, platform } from "./menu";

test("an address belongs to the place that leads to it, or to none", () => {
  expect(placeAt("/operators")?.label).toBe("Operators");
  expect(placeAt("/tenants/acme/webhooks/9", "acme")?.label).toBe("Webhooks");
  expect(placeAt("/tenants/acme", "acme")?.label).toBe("Overview");
  expect(placeAt("/tenants/acme/deleted-users", "acme")).toBeUndefined();
  expect(placeAt("/account")).toBeUndefined();
});

test("whoever has a role with one tenant sees the list of tenants, and nothing else of the platform", () => {
  const me: Me = {
    kind: "operator",
    id: "1",
    name: "Ann",
    grants: [],
    permissions: [],
    tenants: [{ tenant: "acme", tenant_id: "1", permissions: ["tenants.read", "audit.read"] }],
  };
  expect(platform.filter((p) => open(p, me)).map((p) => p.label)).toEqual(["Tenants"]);
});
