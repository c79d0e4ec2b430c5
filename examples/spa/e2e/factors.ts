import { expect, test } from "vitest";
import { axe } from "../../../web/admin/e2e/browser.ts";
import { Authenticator } from "../../../web/admin/e2e/totp.ts";
import type { Given } from "./app.ts";
import { password, type Walk } from "./walk.ts";

export function factors({ begin, settings }: Given): void {
  /** Somebody who is signed in, and has verified their address. */
  async function verified(name: string, walk?: Walk): Promise<Walk> {
    const one = walk ?? (await begin());
    await one.signUp(`${name}@example.org`);
    await one.at(`Hello, ${name}`);
    await one.verify(`${name}@example.org`);
    return one;
  }

  test("whoever has not verified an address is told where to, before a second factor", async () => {
    const ivo = await begin();
    await ivo.signUp("ivo@example.org");
    await ivo.at("Hello, ivo");
    for (const page of ["/account/app", "/account/passkeys"]) {
      await ivo.goTo(page);
      if (page === "/account/passkeys") {
        await ivo.button("Add").click();
      }
      await ivo.page.getByRole("alert").getByRole("link", { name: "To your addresses" }).click();
      await ivo.at("Addresses");
    }
  });

  test("an app and recovery codes are asked for after the password, until the browser is trusted", async () => {
    const ida = await verified("ida");
    await ida.goTo("/account/app");
    const app = new Authenticator((await ida.page.locator("code.secret").textContent()) ?? "");
    await ida.fill({ "Code of the app": "000000" }, "Turn it on");
    await expect.poll(() => ida.faultOf("Code of the app")).toMatch(/code/i);
    await ida.fill({ "Code of the app": await app.code() }, "Turn it on");
    await ida.prove();
    await ida.at("Recovery codes");
    const codes = await ida.page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem").allTextContents();
    expect(codes).toHaveLength(10);
    const saved = ida.page.waitForEvent("download");
    await ida.button("Download").click();
    expect((await saved).suggestedFilename()).toBe("recovery-codes.txt");
    await ida.button("Make new ones").click();
    await ida.told("These are new.");
    const fresh = await ida.page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem").allTextContents();
    expect(fresh.filter((code) => codes.includes(code))).toEqual([]);

    await ida.signOut();
    await ida.signIn("ida@example.org");
    await ida.at("One more proof");
    await ida.fill({ "Code of your authenticator app": codes[0] ?? "" }, "Sign in"); // which is dead
    await expect.poll(() => ida.faultOf("Code of your authenticator app")).toMatch(/code/i);
    await ida.fill({ "Code of your authenticator app": fresh[0] ?? "" }, "Sign in");
    await ida.at("Trust this browser?");
    await ida.button("Ask me each time").click();
    await ida.at("Hello, ida");

    await ida.signOut();
    await ida.signIn("ida@example.org");
    await ida.at("One more proof");
    await ida.fill({ "Code of your authenticator app": await app.code() }, "Sign in");
    await ida.at("Trust this browser?");
    await ida.button("Trust it").click();
    await ida.at("Hello, ida");

    await ida.signOut();
    await ida.signIn("ida@example.org");
    await ida.at("Hello, ida");

    await ida.goTo("/account/app");
    await ida.button("Turn it off").click();
    await ida.told("The app is no longer asked for.");
    await ida.page.getByRole("img", { name: /QR code/ }).waitFor();
  });

  test("keys are second factors, have names, and are removed", async () => {
    const jan = await begin();
    await jan.plugIn();
    await verified("jan", jan);
    await jan.goTo("/account/passkeys");
    await jan.page.getByRole("radio", { name: /second factor/ }).check();
    await jan.fill({ Name: "Blue key" }, "Add");
    await jan.prove();
    await jan.page.getByText("Recovery codes were made as well").waitFor();
    await jan.button("Rename Blue key").click();
    await jan.page.getByRole("listitem").getByLabel("Name").fill("Green key");
    await jan.button("Rename").click();
    await jan.page.getByRole("listitem").getByText("Green key", { exact: true }).waitFor();

    await jan.signOut();
    await jan.signIn("jan@example.org");
    await jan.at("One more proof");
    await jan.button("Use a passkey or key").click();
    await jan.at("Trust this browser?");
    await jan.button("Ask me each time").click();
    await jan.at("Hello, jan");
    await jan.goTo("/account/passkeys");
    await jan.button("Remove Green key").click();
    await jan.page.getByText("You have none yet.").waitFor();
  });

  test("somebody signs up with a passkey in the place of a password, and sets one later", async () => {
    await settings({
      account: {
        email_verification: "mandatory",
        email_verification_by_code_enabled: true,
        signup_fields: ["email*", "username"],
      },
      mfa: { passkey_signup_enabled: true },
    });
    const kim = await begin();
    await kim.plugIn();
    await kim.goTo("/signup");
    await kim.link("Sign up with a passkey").click();
    await kim.fill({ "Email address": "kim@example.org" }, "Go on");
    await kim.at("Verify your address");
    await kim.fill({ Code: await kim.codeOf(/code/i, "kim@example.org") }, "Go on");
    await kim.at("Make your passkey");
    await kim.button("Make a passkey").click();
    await kim.at("Hello, kim");
    await kim.done("Add a passkey");

    await kim.goTo("/account/password");
    await kim.page.getByText("You have no password yet.").waitFor();
    await kim.fill({ "New password": password }, "Set a password");
    await kim.page.getByRole("dialog").getByRole("button", { name: "Use a passkey or key" }).click();
    await kim.told("Your password is set.");
    await kim.signOut();
    await kim.goTo("/signin");
    await kim.button("Sign in with a passkey").click();
    await kim.at("Hello, kim");
  });

  test("a dialog that is closed is told, and takes nothing away", async () => {
    const lea = await verified("lea");
    await lea.page.addInitScript(() => {
      navigator.credentials.create = () => Promise.reject(new DOMException("closed", "NotAllowedError"));
    });
    await lea.goTo("/account/passkeys");
    await lea.fill({ Name: "Never" }, "Add");
    await lea.prove();
    await lea.page
      .getByRole("alert")
      .filter({ hasText: /No key was used/ })
      .waitFor();
    expect(await lea.field("Name").inputValue()).toBe("Never");
  });

  test("a proof is asked for before factors are changed, and cancelling it changes nothing", async () => {
    const mia = await verified("mia");
    await mia.goTo("/account/passkeys");
    await mia.fill({ Name: "Mine" }, "Add");
    const dialog = mia.page.getByRole("dialog", { name: "Is it you?" });
    await dialog.waitFor();
    expect(await axe(mia.page)).toEqual([]);
    await dialog.getByLabel("Password").fill("wrong");
    await dialog.getByRole("button", { name: "Confirm" }).click();
    await dialog
      .getByRole("alert")
      .filter({ hasText: /password/i })
      .waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await dialog.waitFor({ state: "detached" });
    await mia.page.getByText("Nothing was changed.").waitFor();
    await mia.button("Add").click();
    await dialog.waitFor();
    await mia.page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await mia.page.getByText("You have none yet.").waitFor();
  });
}
