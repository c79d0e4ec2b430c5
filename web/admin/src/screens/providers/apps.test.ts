import { expect, test } from "vitest";
import { added, appsOf, changed, faultPath, identity, keyed, removed } from "./apps";

test("apps are added, changed and taken away, and an empty provider with its last", () => {
  const none = { name: "Acme", config: {} };
  const one = added(none, "google", { client_id: "" });
  const [app] = appsOf(one);
  expect(app).toMatchObject({ provider: "google", index: 0 });
  const set = app && changed(one, app, ["settings", "hidden"], true);
  expect(set && appsOf(set)[0]?.app).toEqual({ client_id: "", settings: { hidden: true } });
  expect(app && removed(one, app)).toEqual({ name: "Acme" });
});

test("ids with dots are one key", () => {
  const one = added({ config: {} }, "my.idp", { client_id: "x" });
  const [app] = appsOf(one);
  expect(app?.provider).toBe("my.idp");
  expect(app && faultPath(app, "client_id")).toBe('config.socialaccount.providers["my.idp"].apps[0].client_id');
});

test("a card stays with its app, whichever is removed, and while what it is called by is typed", () => {
  const saved = added(added({ config: {} }, "google", { client_id: "a" }), "google", { client_id: "b" });
  const apps = (mine: typeof saved) => appsOf(mine);
  const first = keyed([], apps(saved), apps(saved));
  const [a, b] = first;
  expect(a && b && a.key !== b.key).toBe(true);

  const without = a ? removed(saved, a) : saved;
  const [rest] = keyed(first, apps(without), apps(saved));
  expect(rest).toMatchObject({
    key: b?.key,
    index: 0,
    known: identity({ provider: "google", app: { client_id: "b" } }),
  });

  const typed = rest ? changed(without, rest, ["client_id"], "bc") : without;
  const second = keyed(rest ? [rest] : [], apps(typed), apps(saved));
  expect(second).toMatchObject([{ key: b?.key, known: rest?.known }]);

  const answer = JSON.parse(JSON.stringify(typed)) as typeof saved; // as it comes back when it was saved
  const third = keyed(second, apps(answer), apps(answer));
  expect(third).toMatchObject([{ key: b?.key, known: identity({ provider: "google", app: { client_id: "bc" } }) }]);
  expect(keyed(third, apps(added(answer, "google", { client_id: "" })), apps(answer)).map((k) => k.key)).toEqual([
    b?.key,
    "3",
  ]);
});
