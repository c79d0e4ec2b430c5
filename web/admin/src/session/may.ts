// What an operator may do, from what the server says of them.
import type { Schema } from "../api/client";

export type Me = Schema<"Me">;
export type Permission = Schema<"Permission">;

/** Whether somebody may do something with a tenant or, without one, with the platform. */
export function may(me: Me | undefined, permission: Permission, slug?: string): boolean {
  if (!me) {
    return false;
  }
  if (slug === "system") {
    // The operators' own tenant is the platform owners' alone.
    return me.permissions.includes("operators.change") && me.permissions.includes(permission);
  }
  if (me.permissions.includes(permission)) {
    return true;
  }
  return slug !== undefined && me.tenants.some((t) => t.tenant === slug && t.permissions.includes(permission));
}
