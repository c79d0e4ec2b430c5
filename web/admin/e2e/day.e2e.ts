// A newcomer's day: from a server that nobody has used to a tenant with people in it, by the pages alone. What an app of the tenant does goes
// over the public API, as it would.
import { request } from "node:http";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { launch, open, settled, type Watched } from "./browser";
import { type Answer, Server } from "./server";
import { Authenticator } from "./totp";

// make e2e gives the tests a PostgreSQL. Without one there is only half of the day to be had, and that is said.
const database = process.env.VESTIBULE_TEST_DATABASE_URL;

describe("on SQLite", () => day({}));
if (database) {
  describe("on PostgreSQL", () => day({ VESTIBULE_DATABASE_URL: database, VESTIBULE_DATABASE_MAX_CONNS: "8" }));
} else {
  console.warn("The day is not run on PostgreSQL: VESTIBULE_TEST_DATABASE_URL names none; make e2e does.");
}

const host = "auth.rockets.example";
const ann = { email: "ann@example.org", username: "ann", password: "Kestrel-Orbit-49" };

function day(env: Record<string, string>) {
  let server: Server;
  let browser: Browser;
  let watched: Watched;
  let page: Page;
  let token = "";

  /** Calls the API of the new tenant, which is found by its host. */
  const app = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    call(server.publicURL, method, path, body, { Host: host, ...headers });
  const place = (name: string) =>
    page.getByRole("navigation", { name: "Menu" }).getByRole("link", { name, exact: true });
  const button = (name: string | RegExp) => page.getByRole("button", { name });
  const heading = (name: string) => page.getByRole("heading", { level: 1, name, exact: true });
  const dialog = () => page.getByRole("dialog");
  const goTo = async (name: string) => {
    await place(name).click();
    await heading(name).waitFor();
    await settled(page);
  };

  beforeAll(async () => {
    server = await Server.start(env);
    browser = await launch();
    watched = await open(browser);
    page = watched.page;
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  // Each hour goes on from the one before.
  let stopped = "";
  beforeEach(({ skip }) => skip(stopped !== "", `"${stopped}" failed before`));
  afterEach(async ({ task }) => {
    if (task.result?.state === "fail") {
      stopped ||= task.name;
      console.log(`at ${page.url()} there was:\n${await page.locator("body").textContent()}`); // for whoever looks for the reason
    }
  });

  test("the first owner is made with the emergency token, chooses a password and adds an authenticator app", async () => {
    await page.goto(`${server.operatorsURL}/`);
    await heading("Sign in").waitFor();
    await page.goto(`${server.operatorsURL}/first-owner`);
    await page.getByLabel("Emergency token").fill("not the token");
    await page.getByLabel("Email address").fill("olivia@example.org");
    await page.getByLabel("Name").fill("Olivia");
    await button("Make this owner").click();
    await page.getByText("This is not the server's emergency token.").waitFor();
    await page.getByLabel("Emergency token").fill(server.token);
    await button("Make this owner").click();

    await heading("Choose a password").waitFor();
    await page.getByLabel("New password").fill("Granite-Lantern-72");
    await button("Set the password").click();

    await heading("Add a second factor").waitFor();
    await button(/Authenticator app/).click();
    const secret = await page.locator("code[data-secret]").filter({ hasText: /\w{4}/ }).textContent();
    const authenticator = new Authenticator((secret ?? "").replaceAll(" ", ""));
    const kept = button("I have kept them");
    for (let tries = 0; tries < 2 && !(await kept.isVisible()); tries++) {
      // A code that was typed as the next one began is a wrong one, and who types it takes the next.
      await page.getByLabel("2. Type the code that it shows").fill(await authenticator.code());
      await button("Add the app").click();
      await kept.or(page.locator("input[aria-invalid=true]")).first().waitFor();
    }
    await kept.click();
    await heading("Overview").waitFor();
    await settled(page);
  });

  test("a tenant is made", async () => {
    await goTo("Tenants");
    await page.getByRole("link", { name: "New tenant" }).first().click();
    await heading("New tenant").waitFor();
    await page.getByLabel("Name", { exact: false }).first().fill("Rockets");
    await expect.poll(() => page.getByLabel("Slug").inputValue()).toBe("rockets");
    await page.getByRole("combobox", { name: "Hosts" }).fill(host);
    await page.getByRole("combobox", { name: "Hosts" }).press("Enter");
    await button("Create tenant").click();
    await page.waitForURL("**/tenants/rockets");
    await heading("Overview").or(heading("Rockets")).waitFor();
    const config = await eventually(
      () => app("GET", "/_allauth/app/v1/config"),
      (a) => a.status === 200,
    );
    expect(config.body.data.account).toMatchObject({ login_methods: ["email"], is_open_for_signup: true });
  });

  test("what signup asks for is changed, and looked at before it is saved", async () => {
    await goTo("Sign-in methods");
    await page.getByRole("radio", { name: /Must be verified/ }).check();
    await button("Add a field").click();
    await page.getByRole("menuitem", { name: "Username" }).click();
    await button("Review").click();
    await dialog().getByText("account.email_verification").waitFor();
    await dialog().getByLabel("Why").fill("We ask for usernames, and for real addresses");
    await dialog().getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved. It takes effect").waitFor();

    await goTo("Sessions and tokens");
    await page.getByRole("radio", { name: /An access and a refresh token/ }).check();
    await page.getByRole("region", { name: "What is not saved yet" }).getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved. It takes effect").last().waitFor();
  });

  test("somebody signs up, proves their address and signs in", async () => {
    const without = await eventually(
      () => app("POST", "/_allauth/app/v1/auth/signup", { ...ann, username: undefined }),
      (a) => a.status === 400,
    );
    expect(without.body.errors[0].param).toBe("username");
    const up = await app("POST", "/_allauth/app/v1/auth/signup", ann);
    expect(up.status).toBe(401);
    expect(up.body.data.flows.find((f: Answer) => f.id === "verify_email").is_pending).toBe(true);
    const key = (await server.mail(ann.email)).match(/https:\/\/auth\.rockets\.example\/\S*?([^/\s]+)\/?\s/)?.[1];
    const proved = await app("POST", "/_allauth/app/v1/auth/email/verify", { key }, session(up));
    expect([200, 401]).toContain(proved.status);
    const login = await app("POST", "/_allauth/app/v1/auth/login", { email: ann.email, password: ann.password });
    expect(login.status, JSON.stringify(login.body)).toBe(200);
    expect(login.body.meta.access_token).toMatch(/^ey/);
    token = login.body.meta.session_token;
    expect((await app("GET", "/_allauth/app/v1/auth/session", undefined, { "X-Session-Token": token })).status).toBe(
      200,
    );
  });

  test("the user is found, and their session ended", async () => {
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").getByLabel("Go to").fill("ann@");
    await page.getByRole("dialog").getByText(ann.email).first().waitFor();
    await page.keyboard.press("Escape");
    await goTo("Users");
    await page
      .getByRole("main")
      .getByRole("link", { name: new RegExp(`^(ann|${ann.email})$`) })
      .first()
      .click();
    await page.getByRole("tab", { name: /^Sessions/ }).click();
    await button(/^End the session/)
      .first()
      .click();
    await dialog().getByText("must sign in again").waitFor();
    await dialog().getByRole("button", { name: "End session" }).click();
    await page.getByText("The session has ended.").waitFor();
    const gone = await eventually(
      () => app("GET", "/_allauth/app/v1/auth/session", undefined, { "X-Session-Token": token }),
      (a) => a.status !== 200,
    );
    expect(gone.status).toBe(410);
  });

  test("a key is rotated, and the key set has both", async () => {
    const kids = async () => {
      const set = await app("GET", "/.well-known/jwks.json");
      return (set.body.keys as { kid: string }[]).map((k) => k.kid);
    };
    const before = await kids();
    expect(before).toHaveLength(1);
    await goTo("Sessions and tokens");
    await button("Rotate").click();
    await dialog().getByRole("button", { name: "Rotate" }).click();
    await page.getByText("Another key is published").waitFor();
    const after = await eventually(kids, (k) => k.length > 1);
    expect(after).toEqual(expect.arrayContaining(before));
    await page.getByRole("table", { name: "Keys" }).getByText("Next").waitFor();
  });

  test("the settings are rolled back", async () => {
    await goTo("Versions");
    await page.getByText("We ask for usernames, and for real addresses").waitFor();
    const first = page.getByRole("row").filter({ hasText: /Tenant created|As it was made/ });
    await first.getByRole("button", { name: /^Roll back/ }).click();
    await dialog().getByText("account.email_verification").waitFor();
    await dialog().getByLabel("Why").fill("It was better before");
    await dialog().getByRole("button", { name: "Roll back" }).click();
    await page.getByText(/The tenant is as of version \d+ again/).waitFor();
    const up = await eventually(
      () => app("POST", "/_allauth/app/v1/auth/signup", { email: "ben@example.org", password: ann.password }),
      (a) => a.status !== 400,
    );
    expect(up.status, "ben needs no username, and no proof").toBe(200);
    expect(up.body.meta.access_token).toBeUndefined();
  });

  test("all of it is in the audit log, with names", async () => {
    await goTo("Audit log");
    const log = page.getByRole("table", { name: "Events" });
    for (const what of [
      "Tenant created",
      "Tenant changed",
      "Signed up",
      "Address verified",
      "Signed in",
      /Sessions? ended/,
      "Signing key rotated",
    ]) {
      await log.getByText(what).first().waitFor();
    }
    const rolledBack = log.getByRole("row").filter({ hasText: /roll/i }).first();
    await rolledBack.getByText("Olivia").waitFor();
    await log.getByRole("link", { name: /^ann/ }).first().waitFor();
    await page.goto(`${server.operatorsURL}/audit`);
    await log.getByText("Operator added").first().waitFor();
    await log.getByText("Emergency token used").first().waitFor();
    await log.getByText("Rockets").first().waitFor();
  });

  test("nothing was complained of on the way", () => {
    // Nobody was signed in at first, a factor was missing, and the emergency token was mistyped once.
    const expected = /status of 40[0134] .*\/(_allauth\/browser\/v1\/|admin\/v1\/(me|operators))/;
    expect(watched.complaints.filter((c) => !expected.test(c))).toEqual([]);
  });
}

/** Asks until the answer is as wanted: a change takes effect within two seconds. */
async function eventually<T>(ask: () => Promise<T>, wanted: (got: T) => boolean): Promise<T> {
  let got = await ask();
  for (let tries = 0; tries < 100 && !wanted(got); tries++) {
    await new Promise((r) => setTimeout(r, 100));
    got = await ask();
  }
  expect(wanted(got), `it stayed ${JSON.stringify(got)}`).toBe(true);
  return got;
}

const session = (answer: { body: Answer }) => ({ "X-Session-Token": answer.body.meta.session_token as string });

/** Sends a request with a Host of its own, which fetch does not let one choose. */
function call(
  base: string,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<{ status: number; body: Answer }> {
  return new Promise((done, failed) => {
    const sent = request(new URL(path, base), { method, headers: { "Content-Type": "application/json", ...headers } });
    sent.once("error", failed);
    sent.once("response", async (got) => {
      let text = "";
      for await (const part of got) {
        text += part;
      }
      done({ status: got.statusCode ?? 0, body: text === "" ? undefined : JSON.parse(text) });
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
