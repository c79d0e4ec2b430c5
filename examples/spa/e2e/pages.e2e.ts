// How the pages look is the same, whatever the server keeps its data in.
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { picture } from "../../../web/admin/e2e/browser.ts";
import { Authenticator } from "../../../web/admin/e2e/totp.ts";
import { app, type Given } from "./app.ts";
import { password, type Walk } from "./walk.ts";

/** The pages for whoever is not signed in, and for whoever is, with their titles. */
const open = {
  "/": "An account in a minute",
  "/signup": "Sign up",
  "/signup/passkey": "Sign up with a passkey",
  "/signin": "Sign in",
  "/signin/code": "Sign in by code",
  "/forgot-password": "Forgot your password?",
  "/provider-error": "That sign-in did not work",
  "/verify-email/x:y": "Verify your address",
  "/reset-password/x-y": "Choose a new password",
  "/nowhere": "There is no such page",
};
const account = {
  "/account/addresses": "Addresses",
  "/account/phone": "Phone",
  "/account/password": "Password",
  "/account/passkeys": "Passkeys and keys",
  "/account/app": "Authenticator app",
  "/account/recovery-codes": "Recovery codes",
  "/account/connected": "Connected accounts",
  "/account/sessions": "Sessions",
};

const pictured = process.env.SCREENSHOTS ? ["demo"] : [];

/** How pages are looked at. A telephone's width is that of a small one. */
const looks = [
  { name: "phone", colorScheme: "light" as const, width: 360 },
  { name: "light", colorScheme: "light" as const, width: 1280 },
  { name: "dark", colorScheme: "dark" as const, width: 1280 },
];

function pages({ begin, settings }: Given): void {
  /** What is wrong with the page that somebody is at, however it is looked at. */
  async function sound(walk: Walk, where: string): Promise<void> {
    const faults: string[] = [];
    for (const { name, colorScheme, width } of looks) {
      await walk.page.emulateMedia({ colorScheme });
      await walk.page.setViewportSize({ width, height: 860 });
      faults.push(...(await walk.faults(`${where} (${name})`)));
    }
    expect(faults).toEqual([]);
  }

  async function visit(walk: Walk, all: Record<string, string>): Promise<void> {
    for (const [path, title] of Object.entries(all)) {
      await walk.goTo(path);
      await walk.at(title);
      expect(await walk.page.title()).toBe(`${title} · Vestibule demo`);
      await sound(walk, path);
    }
  }

  test("the pages for everybody", async () => {
    await visit(await begin({ width: 390 }), open);
  });

  test("the pages of an account, and the mailbox", async () => {
    const ann = await begin({ width: 390 });
    await ann.goTo("/signup");
    await ann.fill({ "Email address": "ann", Password: "" }, "Sign up");
    await expect.poll(() => ann.faultOf("Password")).not.toBe("");
    await sound(ann, "a form with faults");
    await ann.fill({ "Email address": "ann@example.org", Password: password }, "Sign up");
    await ann.at("Hello, ann");
    await sound(ann, "what to try next");
    await ann.mail(/confirm/i, "ann@example.org");
    await sound(ann, "the mailbox");
    await ann.page.setViewportSize({ width: 390, height: 860 });
    await ann.followMail(/confirm/i, "ann@example.org");
    await ann.at("Verify your address");
    expect(await ann.mailbox().count()).toBe(0); // it would hide the page that its link leads to
    await sound(ann, "a link that is good");
    await ann.button("Yes, verify it").click();
    await ann.at("Hello, ann");
    await visit(ann, account);
  });

  // make screenshots
  test.each(pictured)("picture of %s", async (name) => {
    const ann = await begin();
    await ann.goTo("/signup");
    await ann.fill(
      { "Email address": "ann.lee@example.org", "Username (optional)": "Ann", Password: password },
      "Sign up",
    );
    await ann.at("Hello, Ann");
    await ann.mail(/confirm/i, "ann.lee@example.org");
    await picture(ann.page, resolve(import.meta.dirname, `../../../docs/screenshots/${name}.png`));
  });

  test("what a login waits for", async () => {
    const ben = await begin({ width: 390 });
    await ben.signUp("ben@example.org");
    await ben.at("Hello, ben");
    await ben.verify("ben@example.org");
    await ben.goTo("/account/app");
    const app = new Authenticator((await ben.page.locator("code.secret").textContent()) ?? "");
    await ben.fill({ "Code of the app": await app.code() }, "Turn it on");
    await ben.prove();
    await ben.at("Recovery codes");
    await sound(ben, "recovery codes");
    const code = await ben.page
      .getByRole("list", { name: "Recovery codes" })
      .getByRole("listitem")
      .first()
      .textContent();
    await ben.signOut();
    await ben.goTo("/signin/code");
    await ben.fill({ "Email address or phone number": "ben@example.org" }, "Send me a code");
    await ben.at("Type the code");
    await sound(ben, "a mailed code");
    await ben.button("Begin again").click();
    await ben.at("Sign in");
    await ben.signIn("ben@example.org");
    await ben.at("One more proof");
    await sound(ben, "a second factor");
    await ben.fill({ "Code of your authenticator app": code ?? "" }, "Sign in");
    await ben.at("Trust this browser?");
    await sound(ben, "trust");
    await ben.button("Ask me each time").click();
    await ben.at("Hello, ben");
    await ben.signOut();

    await settings({
      account: {
        email_verification: "mandatory",
        email_verification_by_code_enabled: true,
        password_reset_by_code_enabled: true,
      },
    });
    await ben.goTo("/signup");
    await ben.fill(
      { "Email address": "ben@example.net", "Phone number (optional)": "+49 89 1234567", Password: password },
      "Sign up",
    );
    await ben.at("Verify your number");
    await sound(ben, "a texted code");
    await ben.fill({ Code: await ben.codeOf(/Text message/, "+49891234567") }, "Go on");
    await ben.at("Verify your address");
    await ben.button("The address is mistyped").click();
    await sound(ben, "a mailed code of a signup");
    await ben.button("Begin again").click();
    await ben.at("Sign in");
    await ben.goTo("/forgot-password");
    await ben.fill({ "Email address": "ben@example.org" }, "Send the mail");
    await ben.at("Type the code");
    await ben.fill({ Code: await ben.codeOf(/password/i, "ben@example.org") }, "Go on");
    await ben.at("Choose a new password");
    await sound(ben, "a new password");
  });
}

app({}, pages);
