import { expect, test } from "vitest";
import { added, appsOf, changed, faultPath, removed } from "./apps";

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
