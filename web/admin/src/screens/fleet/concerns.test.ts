import { expect, test } from "vitest";
import { concernsOf, type Fleet } from "./concerns";

const well: Fleet = {
  at: "2026-11-26T05:00:00Z",
  version: "v1.0.0",
  tenants: { active: 2, suspended: 0, deleted: 0 },
  health: { status: "ok", checks: { database: "ok", migrations: "ok" } },
  migrations: { applied: 22, pending: 0 },
  messages: {
    queued: 1,
    retried: 0,
    oldest_due_at: null,
    oldest_due_seconds: 0,
    failed: 0,
    counted_up_to: 10000,
    longest_waiting: [],
    most_retried: [],
    most_failed: [],
  },
  webhooks: { enabled: 1, failing: 0, disabled: 0, longest_failing: [], last_disabled: [] },
  keys: { overdue: 0, oldest: [] },
};

test("a mail server that refuses shows before anything is given up", () => {
  const most = [{ tenant_id: "1", tenant: "acme", retried: 1200 }];
  const [concern, ...others] = concernsOf({
    ...well,
    messages: { ...well.messages, queued: 1300, retried: 1201, most_retried: most },
  });
  expect(others).toEqual([]);
  expect(concern).toMatchObject({
    id: "retried",
    urgent: true,
    title: "1,201 mails or text messages tried in vain three times or more",
  });
  expect(concern?.places).toMatchObject([
    { tenant: "acme", to: "/tenants/acme/messages", search: { state: "queued" } },
  ]);
});

test("nothing is said of a platform that does well", () => {
  expect(concernsOf(well)).toEqual([]);
});

test("what holds people up comes first, and is told once", () => {
  const found = concernsOf({
    ...well,
    health: { status: "failed", checks: { database: "ok", migrations: "failed", redis: "degraded" } },
    migrations: { applied: 20, pending: 2 },
    messages: { ...well.messages, queued: 10000, oldest_due_seconds: 720, failed: 3 },
    webhooks: { ...well.webhooks, enabled: 4, failing: 1, disabled: 2 },
    keys: {
      overdue: 2,
      oldest: [
        {
          tenant_id: "1",
          tenant: "acme",
          kid: "k",
          algorithm: "RS256",
          created_at: "2026-01-01T00:00:00Z",
          age_seconds: 28_000_000,
          rotates_at: "2026-04-01T00:00:00Z",
          overdue: true,
        },
      ],
    },
  });
  expect(found.map((c) => c.id)).toEqual([
    "migrations",
    "queue",
    "check redis",
    "key 1 k",
    "keys",
    "failed",
    "webhooks",
    "disabled",
  ]);
  expect(found[0]?.title).toBe("2 migrations of the database are missing");
  expect(found[1]?.text).toContain("at least 10,000 messages");
  expect(found[3]?.link?.to).toBe("/tenants/acme/sessions");
  expect(found[4]?.title).toBe("1 more tenant has a signing key that is overdue");
  expect(found[5]?.title).toBe("3 mails or text messages given up in the last 24 hours");
});

test("whose trouble it is is named, with the way there", () => {
  const hook = { tenant_id: "1", tenant: "acme", host: "hooks.example.org", since: "2026-11-25T03:00:00Z" };
  const fleet: Fleet = {
    ...well,
    messages: {
      ...well.messages,
      oldest_due_seconds: 720,
      failed: 9,
      longest_waiting: [
        { tenant_id: "1", tenant: "acme", due: 1200, oldest_due_at: "2026-11-26T04:48:00Z", oldest_due_seconds: 720 },
      ],
      most_failed: [
        { tenant_id: "1", tenant: "acme", failed: 7, expired: 2, last_at: "2026-11-26T03:00:00Z" },
        { tenant_id: "2", tenant: "bolt", failed: 2, expired: 2, last_at: "2026-11-26T04:58:00Z" },
      ],
    },
    webhooks: {
      enabled: 1,
      failing: 1,
      disabled: 2,
      longest_failing: [{ ...hook, id: "w1", disabled_why: "" }],
      last_disabled: [{ ...hook, id: "w2", disabled_why: "gone" }],
    },
  };
  const places = Object.fromEntries(
    concernsOf(fleet).map((c) => [c.id, c.places?.map((p) => [p.to, p.search?.state, p.what, p.note])]),
  );
  expect(places).toEqual({
    queue: [["/tenants/acme/messages", "queued", undefined, "1,200 due, the oldest for 12 minutes"]],
    failed: [
      [
        "/tenants/acme/messages",
        "failed",
        undefined,
        "7 given up, 2 of them too late to be of use, the last 2 hours ago",
      ],
      [
        "/tenants/bolt/messages",
        "expired",
        undefined,
        "2 given up, all of them too late to be of use, the last 2 minutes ago",
      ],
    ],
    webhooks: [["/tenants/acme/webhooks/w1", undefined, "hooks.example.org", "failing for 1 day 2 hours"]],
    disabled: [["/tenants/acme/webhooks/w2", undefined, "hooks.example.org", "answered 410, disabled yesterday"]],
  });
  const others = (disabled: number) =>
    concernsOf({ ...fleet, webhooks: { ...fleet.webhooks, disabled } }).find((c) => c.id === "disabled")?.link?.to;
  expect(others(2)).toBe("/audit");
  expect(others(1)).toBeUndefined();
});
