import { Badge } from "@mantine/core";
import type { Schema } from "../api/client";

/** Whether a tenant is served, in a word. The word is in the colour of text: a tint behind it is enough. */
export function StateBadge({ tenant }: { tenant: Pick<Schema<"Tenant">, "state" | "error"> }) {
  const [word, color] = tenant.error
    ? ["cannot be served", "red"]
    : tenant.state === "suspended"
      ? ["suspended", "orange"]
      : ["active", "green"];
  return (
    <Badge color={color} c="var(--mantine-color-text)">
      {word}
    </Badge>
  );
}
