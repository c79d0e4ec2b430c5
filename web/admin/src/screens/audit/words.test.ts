import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { actions, changesOf, doer, gist, inWords, placeOf, restOf } from "./words";

test("every event of the server has words of its own", () => {
  const source = readFileSync(new URL("../../../../../internal/store/actions.go", import.meta.url), "utf8");
  const names = [...source.matchAll(/Action = "([^"]+)"/g)].map((m) => m[1] ?? "");
  expect(names.length).toBeGreaterThan(50);
  expect(names.filter((n) => !actions.includes(n))).toEqual([]);
  expect(actions).toContain("factor");
});

test("what is new is spoken as it is written", () => {
  expect(inWords("user.logged_in")).toBe("Signed in");
  expect(inWords("robot.was_seen")).toBe("Robot was seen");
  expect(doer({ kind: "operator", id: "1", name: "Olivia" })).toBe("Olivia");
  expect(doer({ kind: "", id: "", name: "" })).toBe("Somebody unknown");
});

test("changes are found where they are told", () => {
  expect(changesOf({ before: { name: "A" }, after: { name: "B", email: "b@x.org" } })).toEqual([
    { path: "name", before: "A", after: "B" },
    { path: "email", before: null, after: "b@x.org" },
  ]);
  expect(changesOf({ before: [{ type: "totp" }] })).toEqual([
    { path: "all of it", before: [{ type: "totp" }], after: null },
  ]);
  const changes = [{ path: "config.mfa", before: null, after: {} }];
  expect(changesOf({ changes, note: "why" })).toEqual(changes);
  expect(restOf({ changes, note: "why" })).toEqual([["note", "why"]]);
  expect(changesOf({ methods: ["password"] })).toEqual([]);
});

test("a line tells what matters", () => {
  expect(gist({ methods: ["password", "totp"] })).toBe("methods: password, totp");
  expect(gist({ before: { active: true }, after: { active: false } })).toBe("active");
  expect(gist({ after: { email: "ann@example.org", verified: true } })).toBe("ann@example.org");
  expect(gist({ tried: "abcd", method: "password", first: false })).toBe("method: password");
  expect(gist({})).toBe("");
});

test("what an event is about has a place", () => {
  expect(placeOf("webhook/1", "acme")).toEqual({ to: "/tenants/acme/webhooks/1" });
  expect(placeOf("message/1", "acme")).toEqual({ to: "/tenants/acme/messages", search: { id: "1" } });
  expect(placeOf("webhook/1", undefined)).toBeUndefined();
  expect(placeOf("token/1", undefined)).toEqual({ to: "/tokens" });
  expect(placeOf("audit", "acme")).toBeUndefined();
});
