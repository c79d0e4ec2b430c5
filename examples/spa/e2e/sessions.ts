import { expect, test } from "vitest";
import { another } from "../../../web/admin/e2e/browser.ts";
import type { Given } from "./app.ts";
import { Walk } from "./walk.ts";

export function sessions({ server, begin, settings }: Given): void {
  test("a session on another device is ended, and the device is told", async () => {
    const will = await begin();
    await will.signUp("will@example.org");
    await will.at("Hello, will");
    const phone = await begin({ width: 390 });
    await phone.signIn("will@example.org");
    await phone.at("Hello, will");
    await phone.goTo("/account/addresses");
    await will.goTo("/account/sessions");
    await will.button("End all others").waitFor();
    await will.page
      .getByRole("main")
      .getByRole("button", { name: /^End the session/ })
      .click();
    await will.page.getByRole("main").getByRole("button", { name: /^End/ }).first().waitFor({ state: "detached" });
    await phone.comeBack();
    await phone.told("You are signed out.");
    await phone.at("Sign in");
  });

  test("a session that was ended elsewhere is noticed at the next step as well", async () => {
    const xena = await begin();
    await xena.signUp("xena@example.org");
    await xena.at("Hello, xena");
    const other = await begin();
    await other.signIn("xena@example.org");
    await other.at("Hello, xena");
    await other.goTo("/account/addresses");
    await xena.goTo("/account/sessions");
    await xena.button("End all others").click();
    await xena.button("End all others").waitFor({ state: "detached" });
    await other.fill({ "Email address": "xena@example.net" }, "Add");
    await other.told("You are signed out.");
    await other.at("Sign in");
  });

  test("two tabs know of one another", async () => {
    const yara = await begin();
    await yara.signUp("yara@example.org");
    await yara.at("Hello, yara");
    const tab = Walk.of(server(), await another(yara.watched.context));
    await tab.goTo("/account/sessions");
    await tab.at("Sessions");
    await yara.page.bringToFront();
    await yara.signOut();
    await tab.page.bringToFront();
    await tab.told("You are signed out.");
    await tab.at("Sign in");
    await yara.page.bringToFront();
    await yara.signIn("yara@example.org");
    await yara.at("Hello, yara");
    await tab.page.bringToFront();
    await tab.at("Sessions");
    expect(tab.complaints()).toEqual([]);
  });

  test("too many tries are told with the time to wait", async () => {
    await settings({ account: { rate_limits: { login: "1/m/ip" } } });
    const zoe = await begin();
    await zoe.signIn("zoe@example.org");
    await expect.poll(() => zoe.text()).toMatch(/not correct|incorrect/i);
    await zoe.fill({ Password: "once more" }, "Sign in");
    await expect.poll(() => zoe.text()).toMatch(/Try again in \d+ (second|minute)s?\./);
  });

  test("a server that is away is told, and what was typed stays", async () => {
    const abe = await begin();
    await abe.goTo("/signin");
    await abe.page.context().setOffline(true);
    await abe.page.getByLabel(/^Email address/).fill("abe@example.org");
    await abe.fill({ Password: "something" }, "Sign in");
    await abe.page.getByText("The server did not answer.").waitFor();
    expect(await abe.page.getByLabel(/^Email address/).inputValue()).toBe("abe@example.org");
    await abe.page.context().setOffline(false);
    abe.watched.complaints.splice(0); // the browser's, of what it did not get

    await abe.page.route("**/_allauth/**", (route) => route.abort());
    await abe.page.goto(server().publicURL);
    await abe.at("The server is away");
    await abe.page.unroute("**/_allauth/**");
    await abe.button("Try again").click();
    await abe.at("An account in a minute");
    abe.watched.complaints.splice(0);
  });

  test("without a development server there is no mailbox, and it is asked for once", async () => {
    const bea = await begin();
    let asked = 0;
    await bea.page.route("**/dev/mail*", (route) => {
      asked++;
      return route.fulfill({ status: 404, contentType: "application/json", body: '{"status":404}' });
    });
    await bea.goTo("/");
    await bea.at("An account in a minute");
    expect(await bea.page.getByRole("button", { name: /^Mailbox/ }).count()).toBe(0);
    await bea.signUp("bea@example.org");
    await bea.at("Hello, bea");
    expect(asked).toBe(1);
  });
}
