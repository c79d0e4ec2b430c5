// A newcomer's first hour: the first owner, a second factor, every way to sign in, the own account, other operators and tokens.
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { axe, launch, open, overflows, settled, shot, type Watched } from "./browser";
import { operator } from "./operator";
import { Server } from "./server";
import { Authenticator, totp } from "./totp";

let server: Server;
let browser: Browser;
let ann: Watched;
const email = "ann@example.org";
const password = "Granite-Lantern-72";
let codes: string[] = [];

beforeAll(async () => {
  server = await Server.start();
  browser = await launch();
  ann = await open(browser);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

afterEach(async ({ task }) => {
  if (task.result?.state === "fail" && process.env.OUT) {
    await shot(ann.page, `${process.env.OUT}/failed.png`);
  }
});

/** What the console may say: the browser notes each request that is declined, and those are what these tests are about. */
const declined = /Failed to load resource: the server responded with a status of (400|401|403|404|409)/;

/** Nothing is wrong with the page as it stands, in either scheme and on a telephone. With LOOK, pictures of it are taken, too. */
async function sound({ page, complaints }: Watched, name: string): Promise<void> {
  await settled(page);
  for (const [look, scheme, width] of [
    ["light", "light", 1280],
    ["dark", "dark", 1280],
    ["phone", "light", 390],
  ] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height: 860 });
    if (process.env.OUT) {
      await shot(page, `${process.env.OUT}/${name}.${look}.png`);
    }
    expect(await axe(page), `${name}, ${look}`).toEqual([]);
    expect(await overflows(page), `${name} can be moved sideways, ${look}`).toBe(false);
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 860 });
  expect(complaints.splice(0).filter((c) => !declined.test(c))).toEqual([]);
}

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const heading = (page: Page, name: string) => page.getByRole("heading", { name, exact: true });

async function credentials(page: Page, who: string, secret: string): Promise<void> {
  await page.getByLabel("Email address").fill(who);
  await page.getByLabel("Password", { exact: true }).fill(secret);
  await button(page, "Sign in").click();
}

async function signOut(page: Page): Promise<void> {
  await button(page, "Your account").click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await heading(page, "Sign in").waitFor();
}

/** A key in software that asks its owner for nothing, in this page. */
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

test("the first owner is made with the emergency token, chooses a password, and adds a second factor", async () => {
  const { page } = ann;
  await page.goto(`${server.operatorsURL}/tenants?q=demo`);
  await heading(page, "Sign in").waitFor();
  await sound(ann, "sign-in");
  await page.getByRole("link", { name: "First time here?" }).click();
  await heading(page, "The first owner").waitFor();
  await sound(ann, "first-owner");

  await page.getByLabel("Emergency token").fill("wrong");
  await page.getByLabel("Email address").fill(email);
  await page.getByLabel("Name").fill("Ann Lee");
  await button(page, "Make this owner").click();
  await page.getByText("This is not the server's emergency token").waitFor();
  await sound(ann, "first-owner-refused");
  await page.getByLabel("Emergency token").fill(server.token);
  await button(page, "Make this owner").click();

  await heading(page, "Choose a password").waitFor();
  await page.getByText(email).waitFor();
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).not.toContain(server.token);
  await page.getByLabel("New password").fill("password");
  await button(page, "Set the password").click();
  await page.getByText("This password is too common").waitFor();
  await sound(ann, "choose-password");
  await page.getByLabel("New password").fill(password);
  await page.keyboard.press("Enter");

  await heading(page, "Add a second factor").waitFor();
  await sound(ann, "second-factor-add");
  await button(page, "Authenticator app Codes from an app on your phone or in your password manager.").click();
  await page.getByRole("img", { name: "QR code for your authenticator app" }).waitFor();
  await sound(ann, "second-factor-app");
  const secret = ((await page.locator("[data-secret]").textContent()) ?? "").replaceAll(" ", "");
  await page.getByLabel("2. Type the code that it shows").fill("000000");
  await button(page, "Add the app").click();
  await page.getByText("This code is not correct.").waitFor();
  await page.getByLabel("2. Type the code that it shows").fill(totp(secret));
  await button(page, "Add the app").click();

  await heading(page, "Keep your recovery codes").waitFor();
  codes = await page.locator("[data-secret]").allTextContents();
  expect(codes.length).toBe(10);
  await sound(ann, "recovery-codes");
  await button(page, "I have kept them").click();
  await heading(page, "Overview").waitFor();
  await button(page, "Your account").click();
  await page.getByRole("menu").getByText(email).waitFor();
  await page.keyboard.press("Escape");
});

test("signing in takes the password and a code, says what is wrong beside the field, and goes on to where one was going", async () => {
  const { page } = ann;
  await page.goto(`${server.operatorsURL}/tokens`);
  await heading(page, "API tokens").waitFor();
  await signOut(page);
  await credentials(page, email, "not-the-password");
  await page.getByText("The email address or the password is not correct.").waitFor();
  expect(await page.getByLabel("Password", { exact: true }).getAttribute("aria-invalid")).toBe("true");
  await sound(ann, "sign-in-refused");
  await credentials(page, email, password);
  await heading(page, "Your second factor").waitFor();
  await page.reload(); // half way in is where one still is
  await heading(page, "Your second factor").waitFor();
  await sound(ann, "sign-in-code");
  await page.getByLabel("Code").fill("000000");
  await page.keyboard.press("Enter");
  await page.getByText("This code is not correct.").waitFor();
  await page.getByLabel("Code").fill(codes.pop() ?? "");
  await page.keyboard.press("Enter");
  await heading(page, "API tokens").waitFor();
});

test("a passkey is added, named, signs in by itself, and is removed", async () => {
  const { page } = ann;
  await virtualKey(page);
  await page.goto(`${server.operatorsURL}/account`);
  await heading(page, "Your account").waitFor();
  await button(page, "Add a passkey").click();
  await page.getByLabel("Name").fill("Laptop");
  await button(page, "Make a passkey").click();
  await page.getByText("Laptop", { exact: true }).waitFor();
  await page.getByText("9 codes of 10 left").waitFor();
  await button(page, "Rename Laptop").click();
  await page.getByRole("dialog").getByLabel("Name").fill("Old <b>laptop</b>");
  await page.getByRole("dialog").getByRole("button", { name: "Rename" }).click();
  await page.getByText("Old <b>laptop</b>", { exact: true }).waitFor();

  await signOut(page);
  await button(page, "Sign in with a passkey").click();
  await heading(page, "Your account").waitFor();

  // As the second factor, after the password.
  await signOut(page);
  await credentials(page, email, password);
  await button(page, "Use a passkey or security key").click();
  await heading(page, "Your account").waitFor();

  // No looks before this: they end what keeps the key.
  await sound(ann, "account");
  await button(page, "Remove Old <b>laptop</b>").click();
  await sound(ann, "account-remove");
  await page.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
  await button(page, "Remove Old <b>laptop</b>").waitFor({ state: "detached" });
});

test("recovery codes are made anew, the password is changed, and other sessions are ended", async () => {
  const { page } = ann;
  // Long after signing in, one shows anew that it is oneself. Here no time at all is too long.
  const proofsLast = (seconds: number) =>
    server.admin("PATCH", "/tenants/system", { config: { account: { reauthentication_timeout: seconds } } });
  await proofsLast(0);
  await button(page, "Make new codes").click();
  const proof = page.getByRole("dialog", { name: "Show that it is you" });
  const asked = page.getByRole("dialog").filter({ has: button(page, "Make new codes") });
  await asked.getByRole("button", { name: "Make new codes" }).click();
  await proof.waitFor();
  await page.keyboard.press("Escape"); // closes the one above alone
  await proof.waitFor({ state: "detached" });
  await asked.getByText("Nothing was changed.").waitFor();
  await asked.getByRole("button", { name: "Make new codes" }).click();
  await proof.waitFor();
  await proofsLast(300);
  await proof.getByLabel("Your password").fill("wrong");
  await proof.getByRole("button", { name: "Go on" }).click();
  await proof.getByText("This password is not correct.").waitFor();
  await sound(ann, "account-proof");
  await proof.getByRole("button", { name: "Use your second factor instead" }).click();
  await proof.getByLabel("Code").fill(codes.pop() ?? "");
  await proof.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("dialog", { name: "Keep your recovery codes" }).waitFor();
  codes = await page.locator("[data-secret]").allTextContents();
  await sound(ann, "account-codes");
  await button(page, "I have kept them").click();

  const other = await open(browser);
  await other.page.goto(`${server.operatorsURL}/account`);
  await heading(other.page, "Sign in").waitFor();
  await credentials(other.page, email, password);
  await other.page.getByLabel("Code").fill(codes.pop() ?? "");
  await button(other.page, "Go on").click();
  await heading(other.page, "Your account").waitFor();
  await page.reload();
  await button(page, "End all others").click();
  await button(page, "End them").click();
  await button(page, "End all others").waitFor({ state: "detached" });
  await other.page.getByRole("link", { name: "Tenants", exact: true }).click();
  await heading(other.page, "Sign in").waitFor();
  await other.context.close();

  const next = "Marble-Compass-58";
  await page.getByLabel("Current password", { exact: true }).fill("wrong");
  await page.getByLabel("New password", { exact: true }).fill(next);
  await button(page, "Change the password").click();
  await page.getByText("Type your current password.").waitFor();
  await page.getByLabel("Current password", { exact: true }).fill(password);
  await button(page, "Change the password").click();
  await page.getByText("Your password was changed.").waitFor();
});

test("operators are invited with a role for one tenant, changed and removed, and the last owner stays", async () => {
  const { page } = ann;
  await page.getByRole("link", { name: "Operators", exact: true }).click();
  await heading(page, "Operators").waitFor();
  await button(page, "Invite").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Email address").fill("bob@example.org");
  await dialog.getByLabel("Name").fill("Bob");
  await dialog.getByLabel("Role").selectOption("support");
  await dialog.getByLabel("With").selectOption("tenant");
  expect(await dialog.getByRole("button", { name: "Invite" }).isDisabled()).toBe(true);
  await dialog.getByLabel("Tenant").fill("de");
  await page.getByRole("option", { name: /demo/ }).click();
  await sound(ann, "operators-invite");
  await dialog.getByRole("button", { name: "Invite" }).click();
  await page.getByText("bob@example.org is mailed a link").waitFor();
  await page.getByRole("cell", { name: /support@demo/ }).waitFor();
  await sound(ann, "operators");
  const made = (await server.admin("GET", "/operators")) as { items: { email: string; grants: unknown[] }[] };
  expect(made.items.find((o) => o.email === "bob@example.org")?.grants).toMatchObject([
    { role: "support", tenant: "demo" },
  ]);

  await button(page, "Change roles of bob@example.org").click();
  await dialog.getByLabel("Role").selectOption("viewer");
  await dialog.getByRole("button", { name: "Change roles" }).click();
  await page.getByRole("cell", { name: /viewer@demo/ }).waitFor();

  await button(page, `Change roles of ${email}`).click();
  await dialog.getByLabel("Role").selectOption("viewer");
  await dialog.getByRole("button", { name: "Change roles" }).click();
  await page.getByText("This is the last owner: make another one first.").waitFor();
  await sound(ann, "operators-refused");
  await dialog.getByRole("button", { name: "Cancel" }).click();

  await button(page, "Remove bob@example.org").click();
  expect(await dialog.getByRole("button", { name: "Remove" }).isDisabled()).toBe(true);
  await dialog.getByLabel("Type bob@example.org to go on").fill("bob@example.org");
  await dialog.getByRole("button", { name: "Remove" }).click();
  await page.getByText("bob@example.org is no operator any more.").waitFor();
  const left = (await server.admin("GET", "/operators")) as { items: { email: string }[] };
  expect(left.items.map((o) => o.email)).toEqual([email]);
});

test("a token is shown once, works, and is revoked", async () => {
  const { page } = ann;
  await page.getByRole("link", { name: "API tokens" }).click();
  await page.getByText("No tokens yet").waitFor();
  await sound(ann, "tokens-none");
  await button(page, "Make a token").first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Nightly export");
  await dialog.getByLabel("Only these permissions").fill("tenants.read");
  await page.getByRole("option", { name: "tenants.read" }).click();
  await page.keyboard.press("Escape");
  await sound(ann, "tokens-new");
  await dialog.getByRole("button", { name: "Make the token" }).click();
  await page.getByRole("dialog", { name: "The token Nightly export" }).waitFor();
  const secret = (await page.locator("[data-secret]").textContent()) ?? "";
  await sound(ann, "tokens-once");
  const ask = (path: string) =>
    fetch(`${server.operatorsURL}/admin/v1${path}`, { headers: { Authorization: `Bearer ${secret}` } });
  expect((await ask("/tenants")).status).toBe(200);
  expect((await ask("/operators")).status).toBe(403);
  await button(page, "I have kept it").click();
  await page.getByRole("cell", { name: /^Nightly export/ }).waitFor();
  expect(await page.content()).not.toContain(secret);
  await sound(ann, "tokens");
  await button(page, "Revoke Nightly export").click();
  await dialog.getByRole("button", { name: "Revoke" }).click();
  await page.getByText("No tokens yet").waitFor();
  expect((await ask("/tenants")).status).toBe(401);
});

test("a forgotten password is chosen anew by the mailed link, which works once", async () => {
  const { page } = ann;
  await signOut(page);
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  // Until its code is there, the page before is shown, which asks for an address by the same name.
  await heading(page, "Forgot your password?").waitFor();
  await page.getByLabel("Email address").fill(email);
  await sound(ann, "reset");
  await button(page, "Send the link").click();
  await page.getByText("Look into your mail").waitFor();
  await sound(ann, "reset-sent");
  const link = await mailedLink(email);
  await page.goto(link);
  await page.getByLabel("New password").fill("Copper-Meadow-31");
  await button(page, "Set the password").click();
  await heading(page, "Your second factor").waitFor();
  await page.getByLabel("Code").fill(codes.pop() ?? "");
  await button(page, "Go on").click();
  await heading(page, "Overview").waitFor();
  await signOut(page);
  await page.goto(link);
  await page.getByText("This link does not work any more").waitFor();
  await sound(ann, "reset-gone");
  await page.getByRole("link", { name: "Ask for a new link" }).waitFor();
  await page.goto(`${server.operatorsURL}/account/verify-email/nothing`);
  await page.getByText("This link does not work any more").waitFor();
  await sound(ann, "verify-gone");
});

async function mailedLink(to: string): Promise<string> {
  for (;;) {
    const { items } = (await server.admin("GET", "/dev/mail")) as { items: { to: string; text: string }[] };
    const found = items
      .filter((m) => m.to === to)
      .flatMap((m) => m.text.match(/http\S+\/password\/reset\/key\/\S+/) ?? []);
    const link = found.find((l) => l.startsWith(server.operatorsURL));
    if (link) {
      return link;
    }
    await new Promise((r) => setTimeout(r, 100));
  }
}

test("somebody with a lesser role sees what they may, and one with a password alone shows the factor", async () => {
  const admin = await operator(server, "adam@example.org", [{ role: "admin" }]);
  const seen = await open(browser, { cookies: admin.cookies });
  await seen.page.goto(`${server.operatorsURL}/operators`);
  await seen.page.getByRole("cell", { name: /adam@example.org/ }).waitFor();
  expect(await button(seen.page, "Invite").count()).toBe(0);
  expect(await seen.page.getByRole("button", { name: /^Remove/ }).count()).toBe(0);
  await sound(seen, "operators-admin");

  // The same account in a browser that gave the password before there was a factor.
  const codesOf = new Authenticator(admin.authenticator.secret);
  await seen.context.clearCookies();
  await seen.page.goto(`${server.operatorsURL}/second-factor?return=/tokens`);
  await heading(seen.page, "Sign in").waitFor();
  await credentials(seen.page, admin.email, admin.password);
  await seen.page.getByLabel("Code").fill(await codesOf.code());
  await seen.page.keyboard.press("Enter");
  await heading(seen.page, "API tokens").waitFor();
  expect(seen.complaints.splice(0).filter((c) => !declined.test(c))).toEqual([]);
  await seen.context.close();
});

test("at another address of the same server, it is said where operators sign in", async () => {
  const elsewhere = await open(browser);
  await elsewhere.page.goto(`${server.operatorsURL.replace("localhost", "127.0.0.1")}/sign-in`);
  await elsewhere.page.getByText("Not at this address").waitFor();
  expect(await elsewhere.page.getByLabel("Password").count()).toBe(0);
  expect(await elsewhere.page.getByRole("link", { name: server.operatorsURL }).getAttribute("href")).toBe(
    `${server.operatorsURL}/sign-in`,
  );
  await sound(elsewhere, "elsewhere");
  await elsewhere.context.close();
});
