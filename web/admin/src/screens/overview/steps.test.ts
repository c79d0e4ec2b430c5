import { expect, test } from "vitest";
import type { Tenant } from "../../settings/draft";
import { curl, stepsOf } from "./steps";

const tenant: Tenant = {
  id: "1",
  slug: "acme",
  name: "Acme",
  hosts: ["auth.acme.example"],
  state: "active",
  public_url: "https://auth.acme.example",
  config: {},
  version: 1,
  created_at: "2026-11-26T05:00:00Z",
  updated_at: "2026-11-26T05:00:00Z",
};

test("what is done is read from the tenant", () => {
  const finished = (t: Tenant, known = {}) => stepsOf(t, known).map((s) => `${s.id} ${s.finished}`);
  expect(finished(tenant)).toEqual(["host true", "sender false"]);
  expect(
    finished({ ...tenant, config: { email: { from: "a@acme.example" } } }, { people: true, activity: false }),
  ).toEqual(["host true", "sender true", "people true", "api false"]);
  expect(finished({ ...tenant, hosts: [] })[0]).toBe("host false");
});

test("a command that reaches the tenant", () => {
  expect(String(curl(tenant))).toBe("curl -sS https://auth.acme.example/_allauth/app/v1/config");
  expect(String(curl({ ...tenant, hosts: [], public_url: "https://id.example.org" }))).toBe(
    "curl -sS -H 'X-Tenant: acme' https://id.example.org/_allauth/app/v1/config",
  );
});
