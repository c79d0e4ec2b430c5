// What somebody should look at, from what the server says of the platform: the worst first, each with the place or the command that mends it.
import type { Schema } from "../../api/client";
import { count, duration } from "../../parts/words";

export type Fleet = Schema<"Fleet">;

export interface Concern {
  id: string;
  /** Whether people are held up by it already. */
  urgent: boolean;
  title: string;
  /** What it means, and what to do. */
  text: string;
  link?: { label: string; to: string; search?: Record<string, string> };
  command?: string;
}

/** From when on mail that waits is late. Sending is tried again after a minute, and less often later. */
const late = 300;

const checks: Record<string, string> = {
  database: "Nobody can sign in while it is down. Everything goes on by itself when it is back.",
  migrations: "The database is not as this version needs it.",
  keys: "The keys that the server was given do not open what is stored. Give it the ones that it had before.",
  redis: "Each server counts rate limits by itself meanwhile, so that people may try more often than they should.",
};

/** As many, or more where counting stopped. */
function atLeast(n: number, fleet: Fleet, one: string, many?: string): string {
  return (n >= fleet.messages.counted_up_to ? "at least " : "") + count(n, one, many);
}

export function concernsOf(fleet: Fleet): Concern[] {
  const found: Concern[] = [];
  const { health, migrations, messages, webhooks, keys } = fleet;
  for (const [name, state] of Object.entries(health.checks)) {
    if (state !== "ok" && !(name === "migrations" && migrations.pending > 0)) {
      found.push({
        id: `check ${name}`,
        urgent: state === "failed",
        title: `The check of ${name} ${state === "failed" ? "fails" : "says that it works only in part"}`,
        text: `${checks[name] ?? "The server leans on it."} The server's log says what went wrong.`,
      });
    }
  }
  if (migrations.pending > 0) {
    found.push({
      id: "migrations",
      urgent: true,
      title: `${count(migrations.pending, "migration")} of the database ${migrations.pending === 1 ? "is" : "are"} missing`,
      text: "This version of the server needs them. Apply them from a machine that reaches the database:",
      command: "admin migrate up",
    });
  }
  if (messages.oldest_due_seconds >= late) {
    found.push({
      id: "queue",
      urgent: true,
      title: `Mail and texts wait: the oldest for ${duration(messages.oldest_due_seconds)}`,
      text: `${atLeast(messages.queued, fleet, "message")} in the queue. A mail server or a texting service refuses them, or is not reached; a tenant's delivery log says which, and why.`,
      link: { label: "Choose a tenant", to: "/tenants" },
    });
  }
  for (const key of keys.oldest.filter((k) => k.overdue)) {
    found.push({
      id: `key ${key.tenant_id} ${key.kid}`,
      urgent: false,
      title: `The signing key of ${key.tenant} should have had a successor by now`,
      text: `It has signed for ${duration(key.age_seconds)}. The server tries again by itself every few minutes; rotate it by hand if this stays.`,
      link: { label: "Rotate it", to: `/tenants/${key.tenant}/sessions` },
    });
  }
  const more = keys.overdue - keys.oldest.filter((k) => k.overdue).length;
  if (more > 0) {
    found.push({
      id: "keys",
      urgent: false,
      title: `${count(more, "more tenant")} ${more === 1 ? "has" : "have"} a signing key that is overdue`,
      text: "They are rotated like those above. If there are many, the server's log says why it could not.",
    });
  }
  if (messages.failed > 0) {
    found.push({
      id: "failed",
      urgent: false,
      title: `${atLeast(messages.failed, fleet, "mail or text", "mails or texts")} given up in the last 24 hours`,
      text: "Nobody gets them any more. A tenant's delivery log says why, and sends again what is still of use.",
      link: { label: "Choose a tenant", to: "/tenants" },
    });
  }
  if (webhooks.failing > 0) {
    found.push({
      id: "webhooks",
      urgent: false,
      title: `Nothing gets through to ${count(webhooks.failing, "webhook")}`,
      text: "What they are to be told waits for two days. After five days of failures the server disables them.",
      link: { label: "Choose a tenant", to: "/tenants" },
    });
  }
  if (webhooks.disabled > 0) {
    found.push({
      id: "disabled",
      urgent: false,
      title: `The server disabled ${count(webhooks.disabled, "webhook")}`,
      text: "They answered 410 or failed for five days. The audit log says whose they are; enable them again when they work.",
      link: { label: "Whose they are", to: "/audit", search: { action: "webhook.disabled" } },
    });
  }
  return found.sort((a, b) => Number(b.urgent) - Number(a.urgent));
}
