import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { events, wanted } from "./events";

test("the events that are suggested are those that are documented", () => {
  const page = readFileSync(resolve(import.meta.dirname, "../../../../../docs/audit.md"), "utf8");
  expect(events).toEqual([...page.matchAll(/^\| `([a-z_]+\.[a-z_]+)` \|/gm)].map((m) => m[1]));
});

test("each kind can be wanted whole", () => {
  expect(wanted.slice(0, 3)).toEqual(["*", "user.*", "session.*"]);
  expect(new Set(wanted).size).toBe(wanted.length);
});
