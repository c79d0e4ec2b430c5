// Against the real server, in Node: the client of an app, and that of a browser with a jar of the test's own.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Server } from "../../admin/e2e/server.ts";
import { Authenticator } from "../../admin/e2e/totp.ts";
import {
  AppClient,
  type AppOptions,
  BrowserClient,
  Declined,
  inMemory,
  type Next,
  NoTokens,
  type Session,
} from "../src/index.ts";
import { store, thrownBy } from "./script.ts";

let server: Server;
beforeAll(async () => {
  server = await Server.start({ VESTIBULE_SHARED_HOSTS: "127.0.0.1" });
});
afterAll(() => server?.stop());

const password = "Kestrel-Orbit-49";
const another = "Quartz-Lantern-73";
let made = 0;

type Settings = Record<string, Record<string, unknown>>;

/** A tenant of a test's own, on the host that all of them share. */
async function tenantWith(settings: Settings = {}) {
  const slug = `tenant-${++made}`;
  const host = `${slug}.localhost`;
  await server.admin("POST", "/tenants", {
    slug,
    name: slug,
    hosts: [host],
    config: { public_url: `http://${host}`, ...settings },
  });
  const url = server.publicURL.replace("localhost", "127.0.0.1");
  const address = (name: string) => `${name}@${slug}.example`;
  const app = (options: Partial<AppOptions> = {}) => new AppClient({ url, tenant: slug, ...options });
  return {
    address,
    app,
    browser: () => new BrowserClient({ url, tenant: slug, ...jar() }),
    /** A user who is signed in by password, with an address that is verified. */
    async member(name: string, options?: Partial<AppOptions>) {
      const user = { email: address(name), email_verified: true, password };
      await server.admin("POST", `/tenants/${slug}/users`, user);
      const client = app(options);
      expect(await client.login({ email: address(name), password })).toMatchObject({ status: "signed-in" });
      return client;
    },
  };
}

/** The cookies of one browser. */
function jar(): { fetch: typeof fetch; csrf: () => string | undefined } {
  const cookies = new Map<string, string>();
  return {
    csrf: () => cookies.get("csrftoken"),
    fetch: async (input, init = {}) => {
      const headers = new Headers(init.headers);
      headers.set("Cookie", [...cookies].map(([name, value]) => `${name}=${value}`).join("; "));
      const response = await fetch(input, { ...init, headers });
      for (const line of response.headers.getSetCookie()) {
        const [name = "", value = ""] = (line.split(";")[0] ?? "").split("=");
        if (value === "" || /max-age=0/i.test(line)) {
          cookies.delete(name);
        } else {
          cookies.set(name, value);
        }
      }
      return response;
    },
  };
}

/** The code in the latest mail to somebody whose text is another than the one before. */
async function mailed(to: string, pattern = /\b[A-Z0-9]{4}-[A-Z0-9]{4}\b/, before = ""): Promise<string> {
  for (;;) {
    const found = (await server.mail(to)).match(pattern);
    const code = decodeURIComponent(found?.[1] ?? found?.[0] ?? "");
    if (code && code !== before) {
      return code;
    }
    await new Promise((again) => setTimeout(again, 50));
  }
}

/** What a session waits for, which must be this. */
function next<ID extends Next["id"]>(session: Session, id: ID): Extract<Next, { id: ID }> {
  expect(session).toMatchObject({ status: "waiting", next: { id } });
  return (session as unknown as { next: Extract<Next, { id: ID }> }).next;
}

const byCode: Settings = {
  account: {
    email_verification: "mandatory",
    email_verification_by_code_enabled: true,
    email_verification_supports_resend: true,
    email_verification_supports_change: true,
    login_by_code_enabled: true,
    login_by_code_supports_resend: true,
    password_reset_by_code_enabled: true,
    rate_limits: false,
  },
};
const factors: Settings = {
  mfa: {
    supported_types: ["totp", "recovery_codes", "webauthn"],
    passkey_login_enabled: true,
    trust_enabled: true,
    totp_tolerance: 1,
  },
  account: { rate_limits: false },
};

test("what a tenant offers", async () => {
  const x = await tenantWith({ ...byCode, headless: { token_strategy: "jwt" } });
  expect(await x.app().config()).toMatchObject({
    account: { is_open_for_signup: true, login_methods: ["email"], login_by_code_enabled: true },
  });
  expect(await x.app().issuer()).toMatchObject({ issuer: "http://tenant-1.localhost" });
  expect((await x.app().publicKeys()).keys).toHaveLength(1);
});

test("a signup by mailed code, its steps and its refusals", async () => {
  const x = await tenantWith(byCode);
  const tokens = store();
  const app = x.app({ tokens });
  const faults = (await thrownBy(app.signup({ email: "no address", password: "short" }))) as Declined;
  expect(faults).toMatchObject({ reason: "invalid" });
  expect(new Set(faults.faults.map((f) => f.param))).toEqual(new Set(["email", "password"]));

  const step = next(await app.signup({ email: x.address("wrong"), password }), "verify_email");
  const waiting = tokens.held.session;
  await step.change(x.address("ann"));
  const first = await mailed(x.address("ann"));
  expect(await thrownBy(step.verify("BBBB-BBBB"))).toMatchObject({ reason: "invalid", status: 400 });
  await step.resend();
  const code = await mailed(x.address("ann"), undefined, first);
  expect(await app.lookAtEmailKey(code)).toMatchObject({ email: x.address("ann"), authenticating: true });
  expect(await step.verify(code)).toMatchObject({ status: "signed-in", user: { email: x.address("ann") } });
  expect(tokens.held.session).not.toBe(waiting);

  const later = x.app({ tokens }); // the program was started again
  expect(await later.session()).toMatchObject({ status: "signed-in" });
  expect(await thrownBy(later.signup({ email: x.address("ben"), password }))).toMatchObject({ reason: "conflict" });
});

test("a login by code, and a password reset by code", async () => {
  const x = await tenantWith(byCode);
  await (await x.member("ann")).logout();
  const app = x.app();
  const login = next(await app.requestLoginCode({ email: x.address("ann") }), "login_by_code");
  const first = await mailed(x.address("ann"), /\b[A-Z0-9]{4}-[A-Z0-9]{4}\b/);
  await login.resend();
  const code = await mailed(x.address("ann"), undefined, first);
  expect(await login.confirm(code)).toMatchObject({ status: "signed-in" });
  await app.logout();

  expect(await app.requestPasswordReset(x.address("ann"))).toEqual({ byCode: true });
  const reset = next(app.known as Session, "password_reset_by_code");
  const key = await mailed(x.address("ann"), undefined, code);
  expect(await reset.look(key)).toMatchObject({ email: x.address("ann") });
  expect(await reset.reset(key, another)).toMatchObject({ status: "signed-out" });
  expect(await thrownBy(app.login({ email: x.address("ann"), password }))).toMatchObject({ reason: "invalid" });
  expect(await app.login({ email: x.address("ann"), password: another })).toMatchObject({ status: "signed-in" });
});

test("the account: addresses, password, sessions", async () => {
  const x = await tenantWith({ account: { rate_limits: false } });
  const app = await x.member("ann");
  expect(await app.addEmail(x.address("second"))).toHaveLength(2);
  await app.resendEmail(x.address("second")).catch((e) => expect(e).toMatchObject({ reason: "forbidden" }));
  expect(await thrownBy(app.makeEmailPrimary(x.address("second")))).toMatchObject({ reason: "invalid" });
  expect(await app.removeEmail(x.address("second"))).toEqual([
    { email: x.address("ann"), primary: true, verified: true },
  ]);

  const other = x.app();
  await other.login({ email: x.address("ann"), password });
  const sessions = await app.sessions();
  expect(sessions.map((s) => s.is_current)).toEqual([false, true]);
  expect(await app.endSessions(...sessions.filter((s) => !s.is_current).map((s) => s.id))).toHaveLength(1);
  expect(await thrownBy(other.session())).toMatchObject({ reason: "ended" });
  expect(other.known).toMatchObject({ status: "signed-out" });

  const changed = await app.changePassword({ current_password: password, new_password: another });
  expect(changed).toMatchObject({ status: "signed-in" });
  expect(await app.session()).toMatchObject({ status: "signed-in" });
});

test("second factors, proving it anew, and a trusted browser", async () => {
  const x = await tenantWith(factors);
  const app = await x.member("ann");
  const found = await app.totp();
  if (!("setup" in found)) {
    throw new Error("there is an app already");
  }
  const device = new Authenticator(found.setup.secret);
  await app.activateTOTP(await device.code());
  expect(await app.totp()).toMatchObject({ app: { type: "totp" } });
  const { unused_codes: codes = [] } = await app.recoveryCodes();
  expect(codes.length).toBeGreaterThan(5);
  expect((await app.authenticators()).map((a) => a.type).sort()).toEqual(["recovery_codes", "totp"]);

  const page = x.browser();
  const step = next(await page.login({ email: x.address("ann"), password }), "mfa_authenticate");
  expect(step.types).toEqual(expect.arrayContaining(["totp", "recovery_codes"]));
  expect(await thrownBy(step.byCode("000000x"))).toMatchObject({ reason: "invalid" });
  const trust = next(await step.byCode(codes[0] ?? ""), "mfa_trust");
  expect(await trust.trust(true)).toMatchObject({ status: "signed-in" });
  expect(await page.logout()).toMatchObject({ status: "signed-out" });
  expect(await page.login({ email: x.address("ann"), password })).toMatchObject({ status: "signed-in" });
  expect(await thrownBy(app.trust(true))).toMatchObject({ reason: "missing" });
  expect(await page.reauthenticateByCode(codes[1] ?? "")).toMatchObject({ status: "signed-in" });
});

test("what asks for a proof is done once it is given", async () => {
  const x = await tenantWith({
    account: { reauthentication_timeout: 1, reauthentication_required: true, rate_limits: false },
  });
  const app = await x.member("ann");
  let asked: Declined | undefined;
  while (!asked) {
    const error = await app.addEmail(x.address(`a${Date.now()}`)).then(
      () => undefined,
      (e: unknown) => e,
    );
    asked = error instanceof Declined ? error : undefined;
    await new Promise((again) => setTimeout(again, 200));
  }
  expect(asked).toMatchObject({ reason: "reauthenticate" });
  expect(app.known).toMatchObject({ status: "signed-in" });
  expect(await thrownBy(asked.prove?.byPassword?.("wrong") as Promise<unknown>)).toMatchObject({ reason: "invalid" });
  expect(await asked.prove?.byPassword?.(password)).toMatchObject({ status: "signed-in" });
});

test("access tokens: one refresh for all, and the end of a stolen one", async () => {
  // Two refreshes at once would end the session: this tenant has no grace for a token that is sent twice.
  const x = await tenantWith({
    headless: {
      token_strategy: "jwt",
      jwt_algorithm: "ES256",
      jwt_access_token_expires_in: 2,
      jwt_refresh_grace_period: 0,
    },
  });
  const tokens = store();
  const app = await x.member("ann", { tokens, refreshGrace: 0 });
  const first = { ...tokens.held };
  expect(first).toMatchObject({ access: expect.any(String), refresh: expect.any(String), session: expect.any(String) });
  for (let round = 0; round < 2; round++) {
    const stale = await app.access();
    for (;;) {
      const all = new Set(await Promise.all(Array.from({ length: 30 }, () => app.access())));
      expect(all.size).toBeLessThanOrEqual(2); // those who asked a moment before the old one was too old have that
      if (!all.has(stale)) {
        break;
      }
      await new Promise((again) => setTimeout(again, 50));
    }
  }
  expect(tokens.held.session).toBe(first.session);
  expect(await app.session()).toMatchObject({ status: "signed-in" });

  const shared = x.app({ tokens, refreshGrace: 0 }); // another client on the same store
  await shared.session();
  await app.refreshTokens();
  await shared.refreshTokens();
  expect(await shared.access()).toBe(tokens.held.access);

  const stolen = x.app({ tokens: inMemory({ refresh: first.refresh ?? "" }), refreshGrace: 0 });
  expect(await thrownBy(stolen.access())).toBeInstanceOf(NoTokens);
  expect(await thrownBy(app.emails())).toMatchObject({ reason: "ended" });
  expect(tokens.held).toEqual({});
});

test("too often is told with the time to wait", async () => {
  const x = await tenantWith({ account: { rate_limits: { login_failed: "1/m/key" } } });
  const app = x.app();
  await thrownBy(app.login({ email: x.address("nobody"), password }));
  const error = (await thrownBy(app.login({ email: x.address("nobody"), password }))) as Declined;
  expect(error.has("too_many_login_attempts")).toBe(true);
});
