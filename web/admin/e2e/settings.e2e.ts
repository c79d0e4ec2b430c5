// What operators do to the settings of signing in, by hand, and what the server then has.
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { another, launch, open, settled, type Watched } from "./browser";
import { selfSigned } from "./certificate";
import { type Operator, operator } from "./operator";
import { type Answer, Server } from "./server";

let server: Server;
let browser: Browser;
let owner: Operator;
const watched: Watched[] = [];

beforeAll(async () => {
  server = await Server.start();
  browser = await launch();
  owner = await operator(server);
  await server.admin("POST", "/tenants", { slug: "acme", name: "Acme", hosts: ["auth.acme.example"] });
});

afterEach(async () => {
  for (const { page, complaints } of watched.splice(0)) {
    await page.close();
    // What the server refuses on purpose, the browser tells its console.
    expect(complaints.filter((c) => !/status of (401|409|412|422|403)/.test(c))).toEqual([]);
  }
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const tenant = async () => (await server.admin("GET", "/tenants/acme")) as Answer;

/** What each operator's browser keeps from test to test. */
const contexts = new Map<Operator, BrowserContext>();

async function at(screen: string, who: Operator = owner) {
  const before = contexts.get(who);
  const one = await (before ? another(before) : open(browser, { cookies: who.cookies }));
  contexts.set(who, one.context);
  watched.push(one);
  await one.page.goto(`${server.operatorsURL}/tenants/acme/${screen}`);
  await settled(one.page);
  return one.page;
}

test("the preview follows the draft, and the draft is reviewed and saved with a note", async () => {
  const page = await at("sign-in-methods");
  const preview = page.getByRole("region", { name: "What front ends are told" });
  await preview.getByText("Make an account", { exact: true }).first().waitFor();
  await page.getByRole("switch", { name: "Open for signup" }).press("Space"); // the keyboard does as well as the mouse
  await preview.getByText("Nobody can sign up.").waitFor();
  await preview.getByText("of your draft").waitFor();
  expect((await tenant()).config.account?.signup_enabled).toBeUndefined();
  await page.getByRole("switch", { name: "A code instead of a password" }).press("Space");
  await preview.getByText("login_by_code", { exact: true }).waitFor();

  const bar = page.getByRole("region", { name: "What is not saved yet" });
  await bar.getByText("2 changes not saved yet").waitFor();
  await bar.getByRole("button", { name: "Review" }).click();
  const review = page.getByRole("dialog", { name: "What you are about to save" });
  await review.getByText("config.account.signup_enabled").waitFor();
  await review.getByLabel("Why").fill("closed for the winter");
  await review.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved. It takes effect").waitFor();
  await bar.waitFor({ state: "detached" });

  const now = await tenant();
  expect(now.config.account).toMatchObject({ signup_enabled: false, login_by_code_enabled: true });
  const versions = (await server.admin("GET", "/tenants/acme/versions")) as Answer;
  expect(versions.items[0]).toMatchObject({ note: "closed for the winter", version: now.version });
});

test("the fields of signup are put in order, and a default comes back", async () => {
  const page = await at("sign-in-methods");
  const fields = page.getByRole("group", { name: "What signup asks for" });
  await fields.getByRole("button", { name: "Add a field" }).click();
  await page.getByRole("menuitem", { name: "Username" }).click();
  await fields.getByRole("button", { name: "Move Username up" }).click();
  await fields.getByRole("checkbox", { name: "Required for Username" }).uncheck();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Saved. It takes effect").waitFor();
  expect((await tenant()).config.account.signup_fields).toEqual(["email*", "username", "password1*"]);

  await page.getByRole("button", { name: "Back to the default of Open for signup" }).click();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("region", { name: "What is not saved yet" }).waitFor({ state: "detached" });
  expect((await tenant()).config.account.signup_enabled).toBeUndefined();
});

test("what is wrong is told beside its setting before it is saved", async () => {
  const page = await at("sign-in-methods");
  await page.getByRole("switch", { name: "By a code rather than a link", exact: true }).press("Space");
  const row = page.locator("[id='account.email_verification_by_code_enabled']");
  await row.getByRole("alert").waitFor();
  expect(await row.getByRole("alert").textContent()).toContain('needs account.email_verification "mandatory"');
  await page.getByText("One thing has to be put right").waitFor();
  const before = (await tenant()).version;
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("button", { name: "Save", exact: true }).and(page.locator(":not([data-loading])")).waitFor();
  expect((await tenant()).version).toBe(before);
  await page.getByRole("radio", { name: "Must be verified" }).check();
  await row.getByRole("alert").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Discard" }).click();
});

test("two operators: what does not touch is put together, and for the rest somebody chooses", async () => {
  const page = await at("sessions");
  await page.getByLabel("A session lasts", { exact: true }).fill("7");
  await server.admin("PATCH", "/tenants/acme", {
    config: { usersessions: { track_activity: true } },
    note: "asked for by support",
  });
  await page.getByRole("button", { name: "Save", exact: true }).click();
  const conflict = page.getByRole("dialog", { name: "Someone else changed this tenant meanwhile" });
  await conflict.getByText("config.usersessions").first().waitFor();
  await conflict.getByText("asked for by support").waitFor();
  await conflict.getByText("Your changes touch none of these.", { exact: false }).waitFor();
  await conflict.getByRole("button", { name: "Go on with both" }).click();
  await conflict.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Saved. It takes effect").waitFor();
  expect((await tenant()).config).toMatchObject({
    cookies: { session_age: 7 * 86_400 },
    usersessions: { track_activity: true },
  });

  // Both change the same: nothing is saved until one is chosen.
  await page.getByLabel("A session lasts", { exact: true }).fill("3");
  await server.admin("PATCH", "/tenants/acme", { config: { cookies: { session_age: 432_000 } } });
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await conflict.getByText("Both of you changed cookies.session_age").waitFor();
  expect(await conflict.getByRole("button", { name: "Use these choices" }).isDisabled()).toBe(true);
  await conflict.getByRole("radio", { name: "Mine: 259200 (3 days)" }).check();
  await conflict.getByRole("button", { name: "Use these choices" }).click();
  await conflict.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("region", { name: "What is not saved yet" }).waitFor({ state: "detached" });
  expect((await tenant()).config.cookies.session_age).toBe(3 * 86_400);
});

test("a key is rotated and one is retired", async () => {
  await server.admin("PATCH", "/tenants/acme", { config: { headless: { token_strategy: "jwt" } } });
  const page = await at("sessions");
  await page.getByRole("button", { name: "Show the document" }).click();
  await page.getByText('"kty": "RSA"').waitFor();
  await page.getByRole("button", { name: "Rotate" }).click();
  const dialog = page.getByRole("dialog", { name: "Have another key sign" });
  await dialog.getByRole("radio", { name: "At once" }).check();
  await dialog.getByRole("button", { name: "Rotate" }).click();
  await page.getByText("Another key signs.").waitFor();
  const keys = (await server.admin("GET", "/tenants/acme/keys")) as Answer;
  expect(keys.items.map((k: { state: string }) => k.state)).toEqual(["retired", "active"]);
  const old = keys.items[0].kid;

  await page.getByRole("button", { name: `Retire ${old}` }).click();
  const sure = page.getByRole("dialog", { name: "Retire this key" });
  expect(await sure.getByRole("button", { name: "Retire" }).isDisabled()).toBe(true);
  await sure.getByLabel(`Type ${old} to go on`).fill(old);
  await sure.getByRole("button", { name: "Retire" }).click();
  await page.getByText("The key is gone.").waitFor();
  expect(((await server.admin("GET", "/tenants/acme/keys")) as Answer).items).toHaveLength(1);
});

test("rates are read aloud as they are changed", async () => {
  const page = await at("protection");
  const row = page.getByRole("group", { name: "Failed sign-ins" });
  await row.getByText("At most 10 failed sign-ins a minute from one network address", { exact: false }).waitFor();
  await row.getByRole("button", { name: "Change failed sign-ins" }).click();
  await row.getByRole("textbox", { name: "As text" }).fill("3/h/key");
  await row.getByText("At most 3 failed sign-ins an hour for one account.").waitFor();
  await row.getByLabel("Amount, rate 1 of Failed sign-ins").fill("4");
  await row.getByText("At most 4 failed sign-ins an hour for one account.").waitFor();
  await row.getByRole("textbox", { name: "As text" }).fill("nonsense");
  await row.getByText("These are not rates yet.").waitFor();
  await row.getByRole("textbox", { name: "As text" }).fill("4/h/key");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Saved. It takes effect").waitFor();
  expect((await tenant()).config.account.rate_limits).toEqual({ login_failed: "4/h/key" });
});

test("what is typed while a draft is being saved stays, and is saved next", async () => {
  const page = await at("sessions");
  const bar = page.getByRole("region", { name: "What is not saved yet" });
  let go = () => {};
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  await page.route("**/admin/v1/tenants/acme", async (route) => {
    if (route.request().method() === "PATCH") {
      await held;
    }
    await route.continue();
  });
  await page.getByLabel("A session lasts", { exact: true }).fill("11");
  await bar.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByLabel("A session lasts", { exact: true }).fill("12");
  go();
  await page.getByText("Saved. It takes effect").waitFor();
  expect(await page.getByLabel("A session lasts", { exact: true }).inputValue()).toBe("12");
  expect((await tenant()).config.cookies.session_age).toBe(11 * 86_400);
  await bar.getByRole("button", { name: "Save", exact: true }).click();
  await bar.waitFor({ state: "detached" });
  expect((await tenant()).config.cookies.session_age).toBe(12 * 86_400);
});

test("a session that ends leaves the draft where it is", async () => {
  const page = await at("sessions");
  const bar = page.getByRole("region", { name: "What is not saved yet" });
  await page.getByLabel("A session lasts", { exact: true }).fill("13");
  await page.context().clearCookies({ name: "vestibule_operator" });
  const ended = page.getByRole("dialog", { name: "You are signed out" });
  // Whatever asks the server next finds it out: mostly this, but it may be a look of the page's own before, which is in the way then.
  await bar
    .getByRole("button", { name: "Save", exact: true })
    .click({ timeout: 3_000 })
    .catch(() => ended.waitFor());
  await ended.getByRole("button", { name: "Go on" }).click();
  await ended.getByText("Nobody is signed in yet.").waitFor();
  await page.context().addCookies(owner.cookies); // as the sign-in page in another tab would
  await ended.getByRole("button", { name: "Go on" }).click();
  await ended.waitFor({ state: "detached" });
  await bar.getByRole("button", { name: "Save", exact: true }).click();
  await bar.waitFor({ state: "detached" });
  expect((await tenant()).config.cookies.session_age).toBe(13 * 86_400);
});

test("what is no JSON is not saved, and goes when the draft is discarded", async () => {
  const page = await at("sessions");
  const bar = page.getByRole("region", { name: "What is not saved yet" });
  const claims = page.getByRole("textbox", { name: "Claims" });
  await claims.fill('{"a": ');
  await bar.getByText("is not JSON yet").waitFor();
  expect(await bar.getByRole("button", { name: "Save", exact: true }).isDisabled()).toBe(true);
  await bar.getByRole("button", { name: "Discard" }).click();
  await bar.waitFor({ state: "detached" });
  expect(await claims.inputValue()).toBe("");
});

test("a host of another tenant's is refused beside the hosts", async () => {
  const page = await at("urls");
  await page.getByLabel("Another host").fill("demo.localhost");
  await page.getByRole("button", { name: "Add" }).click();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  const hosts = page.getByRole("group", { name: "Hosts" });
  await hosts.getByText("belongs to another tenant", { exact: false }).waitFor();
  await hosts.getByRole("button", { name: "Remove demo.localhost" }).click();
  await page.getByLabel("Another host").fill("login.acme.example");
  await page.getByRole("button", { name: "Add" }).click();
  await page.getByRole("button", { name: "Make first login.acme.example" }).click();
  await page.getByText("No public URL is set", { exact: false }).waitFor();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Saved. It takes effect").waitFor();
  expect((await tenant()).hosts).toEqual(["login.acme.example", "auth.acme.example"]);
});

test("a provider is added; its secret is written, and shown nowhere again", async () => {
  const page = await at("providers");
  const secret = "correct-horse-battery";
  await page.getByRole("button", { name: "Add a provider" }).click();
  await page.getByRole("menuitem", { name: "OpenID Connect", exact: true }).click();
  await page.getByLabel("Client ID").fill("vestibule");
  await page.getByLabel("Id of this server").fill("corp");
  await page.getByLabel("Issuer").fill("http://127.0.0.1:9/realm");
  await page.getByLabel("Client secret").fill(secret);
  await page.getByRole("button", { name: "Review" }).click();
  const review = page.getByRole("dialog", { name: "What you are about to save" });
  await review.getByText("another secret", { exact: false }).waitFor();
  expect(await review.textContent()).not.toContain(secret);
  await review.getByRole("button", { name: "Save" }).click();
  await page.getByText("https://login.acme.example/accounts/oidc/corp/login/callback/").waitFor();
  expect(await page.content()).not.toContain(secret);
  await page.getByText("Set. It cannot be shown.").waitFor();
  await page.getByRole("button", { name: "Test", exact: true }).click();
  await page.getByText("It does not work yet").waitFor();

  // Another one takes its place: then it is the one that is set.
  await page.getByRole("button", { name: "Replace Client secret" }).click();
  await page.getByLabel("Client secret").fill("battery-horse-correct");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("button", { name: "Replace Client secret" }).waitFor();
  await page.getByRole("region", { name: "What is not saved yet" }).waitFor({ state: "detached" });

  await page.getByRole("button", { name: "Remove OpenID Connect" }).click();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("No providers yet").waitFor();
  await page.getByRole("region", { name: "What is not saved yet" }).waitFor({ state: "detached" });
  expect((await tenant()).config.socialaccount).toBeUndefined();
});

test("a SAML server is set up without JSON: faults are told at their fields, and its key is shown nowhere again", async () => {
  const page = await at("providers");
  const bar = page.getByRole("region", { name: "What is not saved yet" });
  const save = page.getByRole("button", { name: "Save", exact: true });
  const theirs = selfSigned("sso.corp.example");
  const ours = selfSigned("login.acme.example");
  await page.getByRole("button", { name: "Add a provider" }).click();
  await page.getByRole("menuitem", { name: "SAML", exact: true }).click();
  await page.getByText("shown as soon as this is saved", { exact: false }).waitFor();
  for (const foreign of ["Client secret", "Scopes", "PKCE", "Issuer"]) {
    expect(await page.getByLabel(foreign).count(), foreign).toBe(0);
  }
  await page.getByLabel("Part of its addresses here").fill("corp");
  await page.getByLabel("Name", { exact: true }).fill("Corp");
  await page.getByLabel("Entity ID of the provider").fill("urn:corp:sso");
  await page.getByLabel("Sign-in address").fill("https://sso.corp.example/login");
  await page.getByLabel("Certificate of the provider").fill("none");
  await page.getByRole("button", { name: "More settings" }).click();
  await page.getByRole("checkbox", { name: "Sign requests" }).check();
  await page.getByRole("combobox", { name: "Who somebody is" }).fill("employeeNumber");
  await page.getByRole("button", { name: "Fewer settings" }).click();
  await save.click();

  // Both are told at their fields, and the one that is not on the screen comes there.
  await page.getByText("must be an X.509 certificate, in PEM or base64", { exact: true }).waitFor();
  expect(await page.getByLabel("Certificate of the provider").getAttribute("aria-invalid")).toBe("true");
  const speech = page.getByRole("group", { name: "How the two speak" });
  await speech.getByText("is needed to sign requests, and to open what is encrypted", { exact: true }).waitFor();
  expect(await speech.getByLabel("Private key of the tenant").getAttribute("aria-invalid")).toBe("true");
  await page.getByLabel("Certificate of the provider").fill(theirs.certificate);
  await speech.getByLabel("Private key of the tenant").fill(ours.privateKey);
  await save.click();
  await speech.getByText("needs its certificate beside it", { exact: true }).waitFor();
  await speech.getByLabel("Certificate of the tenant").fill(ours.certificate);
  await speech.getByRole("checkbox", { name: "People may begin at the provider" }).check();
  await save.click();
  await bar.waitFor({ state: "detached" });

  await page.getByText("https://login.acme.example/accounts/saml/corp/metadata/", { exact: true }).waitFor();
  await page.getByText("https://login.acme.example/accounts/saml/corp/acs/", { exact: true }).waitFor();
  await speech.getByText("Set. It cannot be shown.").waitFor();
  expect(await page.content()).not.toContain(ours.privateKey.split("\n")[1]);
  await page.getByRole("button", { name: "Test", exact: true }).click();
  await page.getByText("The provider's certificate is good until 2099-12-31.", { exact: false }).waitFor();
  await page.getByText("The tenant's own key is good.", { exact: false }).waitFor();
  const kept = {
    idp: { entity_id: "urn:corp:sso", sso_url: "https://sso.corp.example/login", x509cert: theirs.certificate },
    attribute_mapping: { uid: "employeeNumber" },
    advanced: {
      private_key: "********",
      x509cert: ours.certificate,
      authn_request_signed: true,
      reject_idp_initiated_sso: false,
    },
  };
  expect((await tenant()).config.socialaccount.providers).toEqual({
    saml: { apps: [{ client_id: "corp", name: "Corp", settings: kept }] },
  });

  // What else is changed leaves the key where it is.
  await page.getByLabel("Name", { exact: true }).fill("Corp & Sons");
  await save.click();
  await bar.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Test", exact: true }).click();
  await page.getByText("The tenant's own key is good.", { exact: false }).waitFor();

  await page.getByRole("button", { name: "Remove Corp & Sons" }).click();
  await save.click();
  await page.getByText("No providers yet").waitFor();
});

test("a provider far down the list is added by its name, and asks for what it calls its fields", async () => {
  const page = await at("providers");
  await page.getByRole("button", { name: "Add a provider" }).click();
  await page.getByRole("menuitem", { name: "Telegram", exact: true }).click();
  await page.getByText("Registered at: BotFather", { exact: false }).waitFor();
  await page.getByLabel("Id of the bot").fill("110201543");
  await page.getByLabel("Token of the bot").fill("110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("https://login.acme.example/accounts/telegram/login/callback/").waitFor();
  await page.getByRole("button", { name: "Remove Telegram" }).click();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("No providers yet").waitFor();
});

test("another tenant is found and opened by the keyboard alone", async () => {
  const page = await at("audit");
  await page.getByRole("table", { name: "Events" }).waitFor();
  await page.getByRole("button", { name: "Tenant: Acme" }).press("Enter");
  const search = page.getByLabel("Search tenants");
  await expect.poll(() => search.evaluate((e) => e === document.activeElement)).toBe(true);
  await page.keyboard.type("demo");
  await page.getByRole("group", { name: "Found" }).getByRole("option").first().waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/tenants\/demo$/);
  await search.waitFor({ state: "hidden" });
});

test("a long log that is watched is read by what is new", async () => {
  for (let n = 0; n < 60; n++) {
    await server.admin("PATCH", "/tenants/acme", { name: `Acme ${n}` });
  }
  const page = await at("audit");
  const rows = page.getByRole("table", { name: "Events" }).getByRole("row");
  await page.getByRole("button", { name: "Show older events" }).click();
  await expect.poll(() => rows.count()).toBeGreaterThan(60);
  const before = await rows.count();
  const asked: string[] = [];
  page.on("request", (r) => r.url().includes("/audit?") && asked.push(r.url()));
  await server.admin("PATCH", "/tenants/acme", { name: "Acme" });
  await page.getByRole("switch", { name: "Show new events as they come" }).press("Space");
  await expect.poll(() => rows.count(), { timeout: 15_000 }).toBe(before + 1);
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.filter((url) => url.includes("cursor="))).toEqual([]);
});

test("a viewer sees the settings without what changes them, and the server refuses it all the same", async () => {
  const viewer = await operator(server, "vera@example.org", [{ role: "viewer", tenant: "acme" }]);
  const page = await at("sign-in-methods", viewer);
  for (const screen of ["sign-in-methods", "providers", "mfa", "sessions", "protection", "urls"]) {
    await page.goto(`${server.operatorsURL}/tenants/acme/${screen}`);
    await settled(page);
    await page.getByText("Your role can see these settings.", { exact: false }).waitFor();
    const toggles = await page.getByRole("switch").all();
    for (const toggle of toggles) {
      expect(await toggle.isDisabled()).toBe(true);
    }
    for (const name of ["Save", "Rotate", "Import", "Add a provider", "Add a field", "Add"]) {
      expect(await page.getByRole("button", { name, exact: true }).count()).toBe(0);
    }
    if (screen === "urls") {
      const status = await page.evaluate(async () => {
        const csrf = document.cookie.match(/vestibule_operator_csrf=([^;]+)/)?.[1] ?? "";
        const answer = await fetch("/admin/v1/tenants/acme", {
          method: "PATCH",
          headers: { "Content-Type": "application/merge-patch+json", "X-CSRFToken": csrf },
          body: JSON.stringify({ name: "Taken over" }),
        });
        return answer.status;
      });
      expect(status).toBe(403);
    }
  }
  expect((await tenant()).name).toBe("Acme");
});
