// Against the real server, in a real Chromium: what is published, in a page, with the browser's own cookies and keys.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { chromiumOptions } from "../../admin/e2e/chromium.ts";
import { Server } from "../../admin/e2e/server.ts";
import type * as sdk from "../src/index.ts";

declare global {
  interface Window {
    sdk: typeof sdk;
    client: sdk.BrowserClient;
    app: sdk.AppClient;
    told: string[];
  }
}

let server: Server;
let browser: Browser;
beforeAll(async () => {
  server = await Server.start();
  browser = await chromium.launch(chromiumOptions);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const password = "Kestrel-Orbit-49";
const html = `<!doctype html><title>A page</title>
<input autocomplete="username webauthn" />
<script type="module">
  import * as sdk from "/sdk/index.js";
  window.sdk = sdk;
  document.title = "Ready";
</script>`;

/** What a front end has at a path: its page, or the client as it is published. */
async function at(path: string): Promise<{ contentType: string; body: string }> {
  const name = path.match(/^\/sdk\/(\w+\.js)$/)?.[1];
  return name
    ? { contentType: "text/javascript", body: await readFile(new URL(`../dist/${name}`, import.meta.url), "utf8") }
    : { contentType: "text/html", body: html };
}

/** A front end of another origin, which has a server of its own: browsers ask more of a page that only seems to come from this machine. */
async function elsewhere(): Promise<string> {
  const front = createServer(async (request, response) => {
    const { contentType, body } = await at(request.url ?? "");
    response.setHeader("Content-Type", contentType).end(body);
  });
  await new Promise<void>((listening) => front.listen(0, "127.0.0.1", listening));
  onTestFinished(() => void front.close());
  return `http://localhost:${(front.address() as AddressInfo).port}`;
}

/** A page of a front end, by default of one on the tenant's own origin. */
async function open(page: Page, origin = server.publicURL): Promise<Page> {
  if (origin === server.publicURL) {
    for (const pattern of [`${origin}/page`, `${origin}/sdk/*`]) {
      await page.route(pattern, async (route) => route.fulfill(await at(new URL(route.request().url()).pathname)));
    }
  }
  await page.goto(`${origin}/page`);
  await page.waitForFunction(() => document.title === "Ready");
  await page.evaluate(() => {
    window.client = new window.sdk.BrowserClient();
    window.told = [];
    window.client.subscribe(() => window.told.push(window.client.known?.status ?? ""));
  });
  return page;
}

const newPage = async () => open(await (await browser.newContext()).newPage());

/** A key in software, in this page, that asks its owner for nothing. */
async function virtualKey(page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

const signUp = (page: Page, email: string) =>
  page.evaluate((input) => window.client.signup(input), { email, password });

test("a browser signs up with cookies that no script reads, and goes on after a reload", async () => {
  const page = await newPage();
  expect(await page.evaluate(() => window.client.session())).toMatchObject({ status: "signed-out" });
  expect(await signUp(page, "ann@example.org")).toMatchObject({
    status: "signed-in",
    user: { email: "ann@example.org" },
  });
  const cookies = await page.context().cookies();
  const session = cookies.find((c) => c.name === "sessionid");
  expect(session).toMatchObject({ httpOnly: true });
  expect(await page.evaluate(() => document.cookie)).not.toContain(session?.value);
  await open(page);
  expect(await page.evaluate(() => window.client.session())).toMatchObject({ status: "signed-in" });
});

test("a CSRF token that is lost or spoilt is replaced, and the step is taken", async () => {
  const page = await newPage();
  await signUp(page, "csrf@example.org");
  const add = (email: string) => page.evaluate((address) => window.client.addEmail(address), email);
  await page.context().clearCookies({ name: "csrftoken" });
  expect(await add("csrf2@example.org")).toHaveLength(2);
  await page.evaluate(() => {
    // biome-ignore lint/suspicious/noDocumentCookie: this is how it gets spoilt
    document.cookie = "csrftoken=spoilt; path=/";
  });
  expect(await page.evaluate(() => window.client.logout())).toMatchObject({ status: "signed-out" });
});

test("a passkey is made, and signs in, by a button and under a field", async () => {
  const page = await newPage();
  await virtualKey(page);
  const input = { email: "key@example.org", password };
  await server.admin("POST", "/tenants/demo/users", { ...input, email_verified: true });
  expect(await page.evaluate((given) => window.client.login(given), input)).toMatchObject({ status: "signed-in" });
  const made = await page.evaluate(() => window.client.createKey({ name: "Laptop", passwordless: true }));
  expect(made).toMatchObject({ key: { name: "Laptop", type: "webauthn" }, recoveryCodes: true });
  const again = await page.evaluate(() =>
    window.client.createKey().then(
      () => undefined,
      (e) => (e instanceof window.sdk.KeyError ? e.reason : String(e)),
    ),
  );
  expect(again).toBe("known");

  await page.evaluate(() => window.client.logout());
  const back = await page.evaluate(() => window.client.loginWithPasskey());
  expect(back).toMatchObject({ status: "signed-in", user: { email: "key@example.org" } });
  await page.evaluate(() => window.client.logout());
  expect(await page.evaluate(() => window.sdk.autofillWorks())).toBe(true);
  const filled = await page.evaluate(() => window.client.loginWithPasskey({ autofill: true }));
  expect(filled).toMatchObject({ status: "signed-in" });

  // It is the second factor of a login by password, too, and proves it anew.
  await page.evaluate(() => window.client.logout());
  const waiting = await page.evaluate(async (given) => {
    const session = await window.client.login(given);
    return session.status === "waiting" && session.next.id === "mfa_authenticate" ? session.next.byKey() : session;
  }, input);
  expect(waiting).toMatchObject({ status: "waiting", next: { id: "mfa_trust" } });
  expect(await page.evaluate(() => window.client.trust(false))).toMatchObject({ status: "signed-in" });
  expect(await page.evaluate(() => window.client.reauthenticateWithKey())).toMatchObject({ status: "signed-in" });
});

test("a passkey that is waited for under a field makes room for another dialog", async () => {
  const page = await newPage();
  const reasons = await page.evaluate(async () => {
    const reasonOf = (e: unknown) => (e instanceof window.sdk.KeyError ? e.reason : String(e));
    const end = new AbortController();
    const options = await window.client.loginKeyOptions();
    const waiting = window.sdk.showKey(options, { autofill: true }).catch(reasonOf);
    const dialog = window.sdk.showKey(options, { signal: end.signal }).catch(reasonOf);
    const first = await waiting;
    end.abort();
    return [first, await dialog];
  });
  expect(reasons).toEqual(["aborted", "aborted"]);
});

test("what one tab does is told in the other", async () => {
  const page = await newPage();
  const other = await open(await page.context().newPage());
  const seen = (at: Page, status: string) => at.waitForFunction((s) => window.told.at(-1) === s, status);
  await other.evaluate(() => window.client.session());
  await signUp(page, "tabs@example.org");
  await seen(other, "signed-in");
  await other.evaluate(() => window.client.logout());
  await seen(page, "signed-out");
  expect(await page.evaluate(() => window.told)).toEqual(["signed-in", "signed-out"]);
});

test("an app in a page of another origin carries tokens, which its tabs share", async () => {
  const origin = await elsewhere();
  await server.admin("PATCH", "/tenants/demo", { config: { cors: { allowed_origins: [origin] } } });
  const page = await open(await (await browser.newContext()).newPage(), origin);
  const other = await open(await page.context().newPage(), origin);
  for (const at of [page, other]) {
    await at.evaluate((url) => {
      window.app = new window.sdk.AppClient({ url, tokens: window.sdk.inStorage(localStorage) });
    }, server.publicURL);
  }
  await other.evaluate(() => window.app.session());
  const input = { email: "elsewhere@example.org", password };
  expect(await page.evaluate((given) => window.app.signup(given), input)).toMatchObject({ status: "signed-in" });
  expect(await page.context().cookies()).toEqual([]);
  await other.waitForFunction(() => window.app.known?.status === "signed-in");
  await other.evaluate(() => window.app.logout());
  await page.waitForFunction(() => window.app.known?.status === "signed-out");
  const keys = (url: string) => new window.sdk.BrowserClient({ url }).publicKeys();
  expect(await page.evaluate(keys, server.publicURL)).toMatchObject({ keys: [{ kty: "RSA" }] }); // without cookies
  expect(await page.evaluate(() => localStorage.getItem("vestibule"))).toBeNull();
});

test("a page of an origin that the tenant does not list gets nothing", async () => {
  const page = await open(await (await browser.newContext()).newPage(), await elsewhere());
  const name = await page.evaluate(
    (url) =>
      new window.sdk.AppClient({ url }).config().then(
        () => "",
        (e: Error) => e.name,
      ),
    server.publicURL,
  );
  expect(name).toBe("Unreachable");
});
