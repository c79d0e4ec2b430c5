import { expect, onTestFinished, test, vi } from "vitest";
import { AppClient, BrowserClient, can, type Next, type Session } from "../src/index.ts";
import { ann, bob, promise, type Said, script, signedIn, signedOut, thrownBy } from "./script.ts";

const url = "https://acme.example.org";

/** What a login that waits for a flow can do next, and what it then asks the server for. */
async function next<ID extends Next["id"]>(id: ID, flow: Record<string, unknown> = {}) {
  const { fetch, asked } = script(signedOut([{ id: "login" }, { id, is_pending: true, ...flow }]), {
    body: { status: 200, data: [], meta: {} },
  });
  const page = new BrowserClient({ url, fetch, csrf: () => "proof" });
  const session = await page.session();
  if (session.status !== "waiting" || session.next.id !== id) {
    throw new Error(`it waits for ${JSON.stringify(session)}`);
  }
  asked.length = 0;
  const took = async (step: Promise<unknown>) => {
    await step.catch(() => {}); // the answer is not what it should be
    const { method, path, body } = asked.splice(0)[0] ?? {};
    return [method, path?.replace("/_allauth/browser/v1/", ""), body];
  };
  return { step: session.next as Extract<Next, { id: ID }>, took };
}

test("an address that is to be verified", async () => {
  const { step, took } = await next("verify_email");
  expect(await took(step.verify("ABC"))).toEqual(["POST", "auth/email/verify", { key: "ABC" }]);
  expect(await took(step.resend())).toEqual(["POST", "auth/email/verify/resend", undefined]);
  expect(await took(step.change("a@example.org"))).toEqual(["POST", "account/email", { email: "a@example.org" }]);
});

test("a number that is to be verified", async () => {
  const { step, took } = await next("verify_phone");
  expect(await took(step.verify("123"))).toEqual(["POST", "auth/phone/verify", { code: "123" }]);
  expect(await took(step.resend())).toEqual(["POST", "auth/phone/verify/resend", undefined]);
  expect(await took(step.change("+31612345678"))).toEqual(["POST", "account/phone", { phone: "+31612345678" }]);
});

test("a code that signs in", async () => {
  const { step, took } = await next("login_by_code");
  expect(await took(step.confirm("123"))).toEqual(["POST", "auth/code/confirm", { code: "123" }]);
  expect(await took(step.resend())).toEqual(["POST", "auth/code/resend", undefined]);
});

test("a second factor", async () => {
  const { step, took } = await next("mfa_authenticate", { types: ["totp", "webauthn"] });
  expect(step.types).toEqual(["totp", "webauthn"]);
  expect(await took(step.byCode("123"))).toEqual(["POST", "auth/2fa/authenticate", { code: "123" }]);
  expect(await took(step.byKey())).toEqual(["GET", "auth/webauthn/authenticate", undefined]);
});

test("whether to trust a browser", async () => {
  const { step, took } = await next("mfa_trust");
  expect(await took(step.trust(false))).toEqual(["POST", "auth/2fa/trust", { trust: false }]);
});

test("the passkey of a signup", async () => {
  const { step, took } = await next("mfa_signup_webauthn");
  expect(await took(step.make("Laptop"))).toEqual(["GET", "auth/webauthn/signup", undefined]);
});

test("a code that resets a password", async () => {
  const { step, took } = await next("password_reset_by_code");
  expect(await took(step.look("ABC"))).toEqual(["GET", "auth/password/reset", undefined]);
  expect(await took(step.reset("ABC", "new"))).toEqual([
    "POST",
    "auth/password/reset",
    { key: "ABC", password: "new" },
  ]);
});

test("what a later version waits for is told as it is", async () => {
  const { fetch } = script(signedOut([{ id: "blood_sample", is_pending: true }]));
  const session = await new AppClient({ url, fetch }).session();
  expect(session).toMatchObject({ status: "waiting", next: { id: "unknown", flow: { id: "blood_sample" } } });
});

test("what can be done", async () => {
  const { fetch } = script(signedOut([{ id: "login" }, { id: "signup" }]), signedIn());
  const app = new AppClient({ url, fetch });
  const out = await app.session();
  expect([can(out, "signup"), can(out, "login_by_code")]).toEqual([true, false]);
  expect(can(await app.session(), "signup")).toBe(false);
});

test.each([
  [[{ id: "reauthenticate" }], ["byPassword"]],
  [[{ id: "mfa_reauthenticate", types: ["totp"] }], ["byCode"]],
  [[{ id: "mfa_reauthenticate", types: ["recovery_codes"] }], ["byCode"]],
  [[{ id: "mfa_reauthenticate", types: ["webauthn"] }], ["byKey"]],
  [
    [{ id: "reauthenticate" }, { id: "mfa_reauthenticate", types: ["totp", "webauthn"] }],
    ["byPassword", "byCode", "byKey"],
  ],
  [[], []],
])("the ways to prove it anew: %j", async (flows, ways) => {
  const { fetch, asked } = script(
    { status: 401, body: { status: 401, data: { user: ann, flows }, meta: { is_authenticated: true } } },
    signedIn(),
  );
  const app = new AppClient({ url, fetch });
  const { prove } = (await thrownBy(app.addEmail("b@example.org"))) as {
    prove: Record<string, (given: string) => unknown>;
  };
  expect(Object.keys(prove)).toEqual(["user", "flows", ...ways]);
  for (const way of ways) {
    await Promise.resolve(prove[way]?.("given")).catch(() => {});
  }
  const paths = {
    byPassword: "auth/reauthenticate",
    byCode: "auth/2fa/reauthenticate",
    byKey: "auth/webauthn/reauthenticate",
  };
  expect(asked.slice(1).map((a) => a.path.replace("/_allauth/app/v1/", ""))).toEqual(
    ways.map((way) => paths[way as keyof typeof paths]),
  );
});

test("what is known follows what is told, and who listens is told once of each change", async () => {
  const { fetch } = script(signedOut(), signedOut(), signedIn(), { body: { status: 200, data: [] } }, signedIn(bob));
  const app = new AppClient({ url, fetch });
  const seen: (Session["status"] | undefined)[] = [];
  const stop = app.subscribe(() => seen.push(app.known?.status));
  expect(app.known).toBeUndefined();
  await app.session();
  const first = app.known;
  await app.session();
  expect(app.known).toBe(first); // the same one, so that nothing is drawn anew
  await app.login({});
  await app.emails(); // which tells nothing of it
  expect(seen).toEqual(["signed-out", "signed-in"]);
  stop();
  await app.session();
  expect(app.known).toMatchObject({ user: bob });
  expect(seen).toHaveLength(2);
});

test("a look that a login has overtaken does not undo it", async () => {
  const slow = promise<Said>();
  const { fetch } = script(() => slow.kept, signedIn());
  const app = new AppClient({ url, fetch });
  const look = app.session();
  await app.login({});
  slow.keep(signedOut());
  expect(await look).toMatchObject({ status: "signed-out" }); // what it was told
  expect(app.known).toMatchObject({ status: "signed-in" });
});

test("whoever looks meanwhile gets the same answer, but not one from before a login", async () => {
  const slow = promise<Said>();
  const { fetch, asked } = script(() => slow.kept, signedIn(), signedIn());
  const app = new AppClient({ url, fetch });
  const looks = [app.session(), app.session()];
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  await app.login({});
  expect(await app.session()).toMatchObject({ status: "signed-in" });
  slow.keep(signedOut());
  expect(await Promise.all(looks)).toMatchObject([{ status: "signed-out" }, { status: "signed-out" }]);
  expect(asked.map((a) => a.method)).toEqual(["GET", "POST", "GET"]);
  await app.session();
  expect(asked).toHaveLength(4);
});

test("a look that was overtaken without news is taken again, as where a page is opened by a mailed link that is too old", async () => {
  const slow = promise<Said>();
  const { fetch, asked } = script(() => slow.kept, { status: 400, body: { status: 400 } }, signedOut());
  const app = new AppClient({ url, fetch });
  const look = app.session();
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  await thrownBy(app.verifyEmail("key"));
  slow.keep(signedOut());
  await look;
  expect(app.known).toMatchObject({ status: "signed-out" });
  expect(asked.map((a) => a.method)).toEqual(["GET", "POST", "GET"]);
});

test("a step that another has overtaken does not undo it: how it stands is asked", async () => {
  const slow = promise<Said>();
  const { fetch, asked } = script(signedIn(), () => slow.kept, signedOut(), signedOut());
  const app = new AppClient({ url, fetch });
  const seen: (string | undefined)[] = [];
  app.subscribe(() => seen.push(app.known?.status));
  await app.session();
  const proof = app.reauthenticate("password");
  await vi.waitFor(() => expect(asked).toHaveLength(2));
  await app.logout();
  slow.keep(signedIn(ann, { methods: [] }));
  await proof;
  expect(app.known).toMatchObject({ status: "signed-out" });
  expect(seen).toEqual(["signed-in", "signed-out"]);
  expect(asked.map((a) => a.method)).toEqual(["GET", "POST", "DELETE", "GET"]);
});

/** Makes pages of one origin of this process, whose tabs hear of each other. */
function tabs() {
  const open = new Set<{ onmessage?: () => void }>();
  vi.stubGlobal("document", {});
  vi.stubGlobal(
    "BroadcastChannel",
    class {
      onmessage?: () => void;
      constructor() {
        open.add(this);
      }
      postMessage() {
        for (const other of open) {
          if (other !== this) {
            other.onmessage?.();
          }
        }
      }
    },
  );
  onTestFinished(() => void vi.unstubAllGlobals());
}

test("a look from before another tab's logout is not believed, nor joined", async () => {
  tabs();
  const slow = promise<Said>();
  const here = script(() => slow.kept, signedOut());
  const page = new AppClient({ url, fetch: here.fetch });
  const look = page.session();
  await vi.waitFor(() => expect(here.asked).toHaveLength(1));
  await new AppClient({ url, fetch: script(signedOut()).fetch }).logout(); // in another tab
  await vi.waitFor(() => expect(here.asked).toHaveLength(2));
  slow.keep(signedIn());
  await look;
  expect(page.known).toMatchObject({ status: "signed-out" });
});

test("a step from before another tab's logout is not believed", async () => {
  tabs();
  const slow = promise<Said>();
  const here = script(() => slow.kept, signedOut());
  const page = new AppClient({ url, fetch: here.fetch });
  const proof = page.reauthenticate("password");
  await vi.waitFor(() => expect(here.asked).toHaveLength(1));
  await new AppClient({ url, fetch: script(signedOut()).fetch }).logout();
  await vi.waitFor(() => expect(page.known).toMatchObject({ status: "signed-out" }));
  slow.keep(signedIn());
  await proof;
  expect(here.asked).toHaveLength(3);
  expect(page.known).toMatchObject({ status: "signed-out" });
});

test("a step that was overtaken is told to other tabs, too", async () => {
  tabs();
  const slow = promise<Said>();
  const here = script(() => slow.kept, signedOut(), signedIn());
  const page = new AppClient({ url, fetch: here.fetch });
  const there = script(signedIn());
  const other = new AppClient({ url, fetch: there.fetch });
  const login = page.login({});
  await vi.waitFor(() => expect(here.asked).toHaveLength(1));
  await page.session(); // from before the login, as far as the server is concerned
  slow.keep(signedIn());
  await login;
  expect(page.known).toMatchObject({ status: "signed-in" });
  await vi.waitFor(() => expect(other.known).toMatchObject({ status: "signed-in" }));
});

test("a frame that may have no channel has a client all the same", async () => {
  vi.stubGlobal("document", {});
  vi.stubGlobal(
    "BroadcastChannel",
    class {
      constructor() {
        throw new DOMException("no", "SecurityError");
      }
    },
  );
  onTestFinished(() => void vi.unstubAllGlobals());
  expect(await new AppClient({ url, fetch: script(signedIn()).fetch }).session()).toMatchObject({
    status: "signed-in",
  });
});

test("who listens and fails does not fail the step, nor keeps it from the others", async () => {
  const failed = new Promise((told) => {
    process.once("uncaughtException", told);
  });
  const app = new AppClient({ url, fetch: script(signedIn()).fetch });
  app.subscribe(() => {
    throw new Error("in a listener");
  });
  const heard = vi.fn();
  app.subscribe(heard);
  expect(await app.login({})).toMatchObject({ status: "signed-in" });
  expect(heard).toHaveBeenCalledTimes(1);
  expect(await failed).toMatchObject({ message: "in a listener" });
});

test("who listens twice stops once for each", async () => {
  const app = new AppClient({ url, fetch: script(signedIn()).fetch });
  const heard = vi.fn();
  app.subscribe(heard)();
  const stop = app.subscribe(heard);
  app.subscribe(heard);
  stop();
  stop();
  await app.session();
  expect(heard).toHaveBeenCalledTimes(1);
});

test("whose password a key resets says nothing of who is signed in", async () => {
  const { fetch } = script(signedOut(), { body: { status: 200, data: { user: bob } } });
  const app = new AppClient({ url, fetch });
  await app.session();
  expect(await app.lookAtResetKey("key")).toEqual(bob);
  expect(app.known).toMatchObject({ status: "signed-out" });
});

test("a password reset is by code where the session waits for one", async () => {
  const { fetch } = script(
    signedOut([{ id: "password_reset_by_code", is_pending: true }]),
    { body: { status: 200 } },
    signedIn(),
    { status: 429 },
  );
  const app = new AppClient({ url, fetch });
  expect(await app.requestPasswordReset("a@example.org")).toEqual({ byCode: true });
  expect(await app.requestPasswordReset("a@example.org")).toEqual({ byCode: false });
  expect(await app.requestPasswordReset("a@example.org")).toEqual({ byCode: true });
  expect(await thrownBy(app.requestPasswordReset("a@example.org"))).toMatchObject({ reason: "later" });
});

test("an authenticator app is there, or is set up", async () => {
  const { fetch } = script(
    { status: 404, body: { status: 404, meta: { secret: "ABC", totp_url: "otpauth://totp/x" } } },
    { body: { status: 200, data: { type: "totp", created_at: 1, last_used_at: null } } },
    { status: 404, body: { status: 404 } },
  );
  const app = new AppClient({ url, fetch });
  expect(await app.totp()).toEqual({ setup: { secret: "ABC", url: "otpauth://totp/x" } });
  expect(await app.totp()).toMatchObject({ app: { type: "totp" } });
  expect(await thrownBy(app.totp())).toMatchObject({ reason: "missing" });
});

test("a step that meets another session than it was for has that looked at", async () => {
  const { fetch, asked } = script(signedIn(), { status: 409 }, signedOut());
  const page = new BrowserClient({ url, fetch, csrf: () => "proof" });
  await page.session();
  const changed = new Promise<void>((done) => page.subscribe(done));
  expect(await thrownBy(page.addEmail("b@example.org"))).toMatchObject({ reason: "conflict" });
  await changed;
  expect(page.known?.status).toBe("signed-out");
  expect(asked.map((a) => a.method)).toEqual(["GET", "POST", "GET"]);
});
