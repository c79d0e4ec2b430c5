// What somebody should look at, from what the server says of the platform: the worst first, each with the place or the command that mends it.
import type { Schema } from "../../api/client";
import { ago, count, duration, number } from "../../parts/words";
import type { Permission } from "../../session/may";

export type Fleet = Schema<"Fleet">;

/** A tenant, or something of one, that somebody should look at. */
export interface Place {
  id: string;
  tenant: string;
  /** What is looked at there, where it is not the tenant as a whole. */
  what?: string;
  to: string;
  search?: Record<string, string>;
  /** What one needs to see it. */
  needs: Permission;
  note: string;
}

interface Concern {
  id: string;
  /** Whether people are held up by it already. */
  urgent: boolean;
  title: string;
  /** What it means, and what to do. */
  text: string;
  /** Where it is so, the worst first. */
  places?: Place[];
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

function webhookPlace(hook: Schema<"TroubledWebhook">, at: number): Place {
  const seconds = (at - new Date(hook.since).getTime()) / 1000;
  const why = { gone: "answered 410, disabled", failing: "failed for five days, disabled" };
  return {
    id: hook.id,
    tenant: hook.tenant,
    what: hook.host,
    to: `/tenants/${hook.tenant}/webhooks/${hook.id}`,
    needs: "webhooks.read",
    note: hook.disabled_why
      ? `${why[hook.disabled_why]} ${ago(hook.since, new Date(at))}`
      : `failing for ${seconds < 60 ? "less than a minute" : duration(seconds)}`,
  };
}

/** As many, or more where counting stopped. */
function atLeast(n: number, fleet: Fleet, one: string, many?: string): string {
  return (n >= fleet.messages.counted_up_to ? "at least " : "") + count(n, one, many);
}

/** How many places the server names at the most. */
const most = 10;

/** What leads to the tenants that are named, if any are. */
const worst = (places: unknown[], lead: string): string =>
  places.length >= most ? lead : places.length > 0 ? "Whose they are:" : "";

export function concernsOf(fleet: Fleet): Concern[] {
  const found: Concern[] = [];
  const at = new Date(fleet.at).getTime();
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
      title: `Mails and text messages wait: the oldest for ${duration(messages.oldest_due_seconds)}`,
      text: `${atLeast(messages.queued, fleet, "message")} in the queue, and the servers do not get round to them: a mail server or a texting service is slow to answer, or none of your servers sends. ${worst(messages.longest_waiting, "Those of these tenants have waited longest:")}`,
      places: messages.longest_waiting.map((t) => ({
        id: t.tenant_id,
        tenant: t.tenant,
        to: `/tenants/${t.tenant}/messages`,
        search: { state: "queued" },
        needs: "mail.read",
        note: `${number(t.due)} due, the oldest for ${duration(t.oldest_due_seconds)}`,
      })),
    });
  }
  if (messages.retried > 0) {
    found.push({
      id: "retried",
      urgent: true,
      title: `${atLeast(messages.retried, fleet, "mail or text message", "mails or text messages")} tried in vain three times or more`,
      text: `The mail server or the texting service refuses them, or does not answer. They are tried for twelve hours at most, then given up; a code or a link in them is of no use long before. A tenant's delivery log says what was answered. ${worst(messages.most_retried, "The tenants with most of them:")}`,
      places: messages.most_retried.map((t) => ({
        id: t.tenant_id,
        tenant: t.tenant,
        to: `/tenants/${t.tenant}/messages`,
        search: { state: "queued" },
        needs: "mail.read",
        note: `${number(t.retried)} tried again and again`,
      })),
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
  const named = keys.oldest.filter((k) => k.overdue).length;
  const more = keys.overdue - named;
  if (more > 0) {
    found.push({
      id: "keys",
      urgent: false,
      title: `${count(more, named > 0 ? "more tenant" : "tenant")} ${more === 1 ? "has" : "have"} a signing key that is overdue`,
      text: "The server tries again by itself every few minutes. Its log says whose they are, and why it could not.",
    });
  }
  if (messages.failed > 0) {
    found.push({
      id: "failed",
      urgent: false,
      title: `${atLeast(messages.failed, fleet, "mail or text message", "mails or text messages")} given up in the last 24 hours`,
      text: `Nobody gets them any more. A tenant's delivery log says why, and sends again what is still of use. ${worst(messages.most_failed, "The tenants with most of them:")}`,
      places: messages.most_failed.map((t) => ({
        id: t.tenant_id,
        tenant: t.tenant,
        to: `/tenants/${t.tenant}/messages`,
        search: { state: t.failed > t.expired ? "failed" : "expired" },
        needs: "mail.read",
        note: [
          `${number(t.failed)} given up`,
          t.expired > 0 && `${t.expired === t.failed ? "all" : number(t.expired)} of them too late to be of use`,
          `the last ${ago(t.last_at, new Date(at))}`,
        ]
          .filter(Boolean)
          .join(", "),
      })),
    });
  }
  if (webhooks.failing > 0) {
    found.push({
      id: "webhooks",
      urgent: false,
      title: `Nothing gets through to ${count(webhooks.failing, "webhook")}`,
      text: `What they are to be told waits for two days. After five days of failures the server disables them. ${webhooks.failing > webhooks.longest_failing.length ? "Those that have failed for longest:" : ""}`,
      places: webhooks.longest_failing.map((h) => webhookPlace(h, at)),
    });
  }
  if (webhooks.disabled > 0) {
    const all = webhooks.disabled <= webhooks.last_disabled.length;
    found.push({
      id: "disabled",
      urgent: false,
      title: `The server disabled ${count(webhooks.disabled, "webhook")}`,
      text: `They answered 410 or failed for five days. Enable them again when they work. ${all ? "" : "The last that were:"}`,
      places: webhooks.last_disabled.map((h) => webhookPlace(h, at)),
      ...(all
        ? {}
        : { link: { label: "The others, in the audit log", to: "/audit", search: { action: "webhook.disabled" } } }),
    });
  }
  return found.sort((a, b) => Number(b.urgent) - Number(a.urgent));
}
