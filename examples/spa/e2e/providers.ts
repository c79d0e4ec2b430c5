import { expect, test } from "vitest";
import type { Given } from "./app.ts";
import type { Walk } from "./walk.ts";

/** What somebody tells the dummy provider of themselves. */
async function atProvider(walk: Walk, fields: Record<string, string>, button = "Sign in"): Promise<void> {
  await walk.page.getByRole("heading", { name: "Who are you?" }).waitFor();
  for (const [label, value] of Object.entries(fields)) {
    await walk.page.getByLabel(label, { exact: true }).fill(value);
  }
  await walk.page.getByRole("button", { name: button, exact: true }).click();
}

export function providers({ begin, settings }: Given): void {
  test("signs up and in by a provider, which stays the only way in until there is another", async () => {
    const noa = await begin();
    await noa.goTo("/signin");
    await noa.button("Sign in with a dummy provider").click();
    await atProvider(noa, { Id: "4711", "Email address": "noa@example.org", Username: "noa" });
    await noa.at("Hello, noa");
    await noa.done("Verify your address");

    await noa.signOut();
    await noa.goTo("/signin?next=/account/connected");
    await noa.button("Sign in with a dummy provider").click();
    await atProvider(noa, { Id: "4711" });
    await noa.at("Connected accounts");
    await noa.button("Disconnect a dummy provider").click();
    await noa.page.getByText("Set a password first").waitFor();
  });

  test("asks for what the provider did not tell", async () => {
    const ole = await begin();
    await ole.goTo("/signin");
    await ole.button("Sign in with a dummy provider").click();
    await atProvider(ole, { Id: "4712" });
    await ole.at("Almost there");
    await ole.fill({}, "Make the account");
    await expect.poll(() => ole.faultOf("Email address")).toMatch(/required/);
    await ole.fill({ "Email address": "ole@example.org" }, "Make the account");
    await ole.at("Hello, ole");
  });

  test("connects an account that is nobody else's, and gives it up", async () => {
    const pia = await begin();
    await pia.signUp("pia@example.org");
    await pia.at("Hello, pia");
    await pia.goTo("/account/connected");
    await pia.button("Connect a dummy provider").click();
    await atProvider(pia, { Id: "4713", "Email address": "pia@example.net" });
    await pia.at("Connected accounts");
    await pia.page.getByText("pia@example.net").waitFor();

    const rob = await begin();
    await rob.signUp("rob@example.org");
    await rob.at("Hello, rob");
    await rob.goTo("/account/connected");
    await rob.button("Connect a dummy provider").click();
    await atProvider(rob, { Id: "4713" });
    await rob.at("That account was not connected");
    await rob.page.getByText("connected to somebody else's here already").waitFor();

    await pia.button("Disconnect pia@example.net").click();
    await pia.page.getByText("There is none yet.").waitFor();
  });

  test("is told where nothing came of it", async () => {
    const sue = await begin();
    await sue.goTo("/signin");
    await sue.button("Sign in with a dummy provider").click();
    await atProvider(sue, {}, "Cancel");
    await sue.at("That sign-in did not work");
    await sue.page.getByText("You left the other service").waitFor();
    await settings({ account: { signup_enabled: false } });
    await sue.link("Try again").click();
    await sue.button("Sign in with a dummy provider").click();
    await atProvider(sue, { Id: "4714", "Email address": "sue@example.org" });
    await sue.page.getByText("nobody can sign up at the moment").waitFor();
  });
}
