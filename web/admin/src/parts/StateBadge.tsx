import { Badge } from "@mantine/core";
import type { Schema } from "../api/client";

/** Whether a tenant is served, in a word. */
export function StateBadge({ tenant }: { tenant: Pick<Schema<"Tenant">, "state" | "error"> }) {
  const [word, color] = tenant.error
    ? ["cannot be served", "red"]
    : tenant.state === "suspended"
      ? ["suspended", "orange"]
      : ["active", "green"];
  return <Badge color={color}>{word}</Badge>;
}
