// What the roles are for, in a sentence each. What they may do exactly is the server's to say: docs/operators.md has the table.
import type { Schema } from "../api/client";

export type Role = Schema<"Role">;

export const roles: { role: Role; platform: string; tenant: string }[] = [
  {
    role: "owner",
    platform: "Everything, operators and the operators' own tenant included.",
    tenant: "Everything with this tenant.",
  },
  {
    role: "admin",
    platform:
      "All tenants and everybody in them; makes and deletes tenants, and API tokens. Sees operators, and changes none.",
    tenant: "Settings, keys and people of this tenant; can suspend and delete it.",
  },
  {
    role: "developer",
    platform: "Settings, keys, mail and webhooks. Changes nobody's account, but could read mail meant for them.",
    tenant:
      "Settings, keys, mail and webhooks of this tenant. Changes nobody's account, but could read mail meant for them.",
  },
  {
    role: "support",
    platform: "Looks after people: makes, changes and secures accounts. No settings.",
    tenant: "Looks after the people of this tenant: makes, changes and secures accounts. No settings.",
  },
  {
    role: "viewer",
    platform: "Sees tenants and people, and changes nothing.",
    tenant: "Sees this tenant, and changes nothing.",
  },
];

/** A grant as the command line spells it: "admin" or "admin@acme". */
export function grantText(grant: { role: Role; tenant?: string | null }): string {
  return grant.tenant ? `${grant.role}@${grant.tenant}` : grant.role;
}
