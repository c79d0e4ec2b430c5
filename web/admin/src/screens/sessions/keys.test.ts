import { expect, test } from "vitest";
import { type Key, timeline } from "./keys";

const key = (given: Partial<Key>): Key => ({
  kid: "k",
  algorithm: "RS256",
  state: "active",
  origin: "generated",
  created_at: "2026-01-01T00:00:00Z",
  signs_from: "2026-01-01T00:00:00Z",
  retires_at: null,
  known_until: null,
  rotates_at: null,
  ...given,
});

test("a key that signs from the beginning has one stretch, up to when it is rotated", () => {
  const line = timeline([key({ rotates_at: "2026-03-01T00:00:00Z" })], new Date("2026-01-31T00:00:00Z"));
  expect(line.of[0]?.map((s) => s.kind)).toEqual(["signing"]);
  expect(line.now).toBeGreaterThan(45);
  expect(line.now).toBeLessThan(55);
});

test("a key that was followed is published, signs, and is known until its last token has expired", () => {
  const old = key({
    state: "retired",
    signs_from: "2026-01-02T00:00:00Z",
    retires_at: "2026-02-01T00:00:00Z",
    known_until: "2026-02-02T00:00:00Z",
  });
  const line = timeline([old], new Date("2026-02-01T12:00:00Z"));
  expect(line.of[0]?.map((s) => s.kind)).toEqual(["published", "signing", "known"]);
  for (const s of line.of[0] ?? []) {
    expect(s.from).toBeGreaterThanOrEqual(0);
    expect(s.to).toBeLessThanOrEqual(100);
  }
});
