import { Badge } from "@mantine/core";
import type { Schema } from "../../api/client";

export type Webhook = Schema<"Webhook">;
export type Delivery = Schema<"Delivery">;

/** What a webhook does, in a word. */
export function HookState({ hook }: { hook: Webhook }) {
  const [label, color] = !hook.enabled
    ? hook.disabled_why
      ? ["Disabled by the server", "red"]
      : ["Disabled", "gray"]
    : hook.failing_since
      ? ["Failing", "yellow"]
      : ["Enabled", "green"];
  return (
    <Badge color={color} miw="max-content">
      {label}
    </Badge>
  );
}

export const deliveryStates = {
  queued: { label: "Waiting", color: "blue" },
  delivered: { label: "Delivered", color: "green" },
  failed: { label: "Given up", color: "red" },
} as const;

/** What became of a delivery, in a word. */
export function DeliveryState({ state }: { state: Delivery["state"] }) {
  return (
    <Badge color={deliveryStates[state].color} miw="max-content">
      {deliveryStates[state].label}
    </Badge>
  );
}
