import { Title, VisuallyHidden } from "@mantine/core";
import { Tile } from "../../parts/Tile";
import { Tiles } from "../../parts/Tiles";
import { count, duration, number } from "../../parts/words";
import type { Fleet } from "./concerns";

const states = { ok: "Good", degraded: "Degraded", failed: "Failing" } as const;

/** How the platform is right now. */
export function Now({ fleet }: { fleet: Fleet }) {
  const { tenants, health, migrations, messages, webhooks, keys } = fleet;
  const oldest = keys.oldest[0];
  const more = (n: number) => number(n) + (n >= messages.counted_up_to ? "+" : "");
  const bad = Object.entries(health.checks).filter(([, state]) => state !== "ok");
  return (
    <section aria-labelledby="now">
      <VisuallyHidden>
        <Title order={2} id="now">
          How it is now
        </Title>
      </VisuallyHidden>
      <Tiles label="How it is now">
        <Tile
          label="Active tenants"
          to="/tenants"
          value={number(tenants.active)}
          note={
            [
              tenants.suspended > 0 && `${number(tenants.suspended)} suspended`,
              tenants.deleted > 0 && `${number(tenants.deleted)} deleted`,
            ]
              .filter(Boolean)
              .join(" · ") || "none suspended"
          }
        />
        <Tile
          label="Health"
          value={states[health.status]}
          look={health.status !== "ok"}
          note={
            bad.length > 0
              ? bad.map(([name, state]) => `${name} ${state}`).join(", ")
              : `${Object.keys(health.checks).join(", ") || "no checks"} fine`
          }
        />
        <Tile
          label="Database"
          value={migrations.pending > 0 ? `${migrations.pending} missing` : "Up to date"}
          look={migrations.pending > 0}
          note={`${count(migrations.applied, "migration")} applied`}
        />
        <Tile
          label="Messages waiting"
          value={more(messages.queued)}
          look={messages.oldest_due_seconds >= 300 || messages.failed > 0}
          note={
            messages.failed > 0
              ? `${more(messages.failed)} given up in 24 hours`
              : messages.oldest_due_seconds > 0
                ? `the oldest for ${duration(messages.oldest_due_seconds)}`
                : "none given up in 24 hours"
          }
        />
        <Tile
          label="Webhooks"
          value={number(webhooks.enabled)}
          look={webhooks.failing + webhooks.disabled > 0}
          note={
            webhooks.failing + webhooks.disabled > 0
              ? `${webhooks.failing} failing · ${webhooks.disabled} disabled`
              : "none of them failing"
          }
        />
        <Tile
          label="Oldest signing key"
          value={oldest ? duration(oldest.age_seconds).replace(/^(\d[\d,]* \w+) .*/, "$1") : "None yet"}
          look={keys.overdue > 0}
          note={
            keys.overdue > 0
              ? `${count(keys.overdue, "tenant")} overdue`
              : oldest
                ? `of ${oldest.tenant}`
                : "made on demand"
          }
        />
      </Tiles>
    </section>
  );
}
