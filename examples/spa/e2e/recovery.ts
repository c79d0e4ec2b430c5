import { expect, test } from "vitest";
import type { Given } from "./app.ts";

const other = "Granite-Lantern-72";

export function recovery({ begin, settings }: Given): void {
  test("a password is reset by a mailed link", async () => {
    const nora = await begin();
    await nora.signUp("nora@example.org");
    await nora.at("Hello, nora");
    await nora.signOut();
    await nora.goTo("/signin");
    await nora.link("Forgot your password?").click();
    await nora.fill({ "Email address": "nora@example.org" }, "Send the mail");
    await nora.at("Read your mail");
    await nora.followMail(/password/i, "nora@example.org");
    await nora.at("Choose a new password");
    await nora.fill({ "New password": "123" }, "Change the password");
    await expect.poll(() => nora.faultOf("New password")).not.toBe("");
    await nora.fill({ "New password": other }, "Change the password");
    await nora.told("Your password is changed.");
    await nora.at("Sign in");
    await nora.signIn("nora@example.org", other);
    await nora.at("Hello, nora");
    await nora.followMail(/reset|password/i, "nora@example.org");
    await nora.link("Your password").click();
    await nora.at("Password");
    await nora.signOut();
    await nora.followMail(/reset|password/i, "nora@example.org");
    await nora.page.getByText("This link was used before, or is too old.").waitFor();
  });

  test("a password is reset by a mailed code", async () => {
    await settings({ account: { password_reset_by_code_enabled: true } });
    const olga = await begin();
    await olga.signUp("olga@example.org");
    await olga.at("Hello, olga");
    await olga.signOut();
    await olga.goTo("/forgot-password");
    await olga.fill({ "Email address": "olga@example.org" }, "Send the mail");
    await olga.at("Type the code");
    await olga.fill({ Code: "BCDF-GHJK" }, "Go on");
    await expect.poll(() => olga.faultOf("Code")).toMatch(/code/i);
    await olga.fill({ Code: await olga.codeOf(/password/i, "olga@example.org") }, "Go on");
    await olga.at("Choose a new password");
    await olga.fill({ "New password": other }, "Change the password");
    await olga.told("Your password is changed.");
    await olga.signIn("olga@example.org", other);
    await olga.at("Hello, olga");
  });

  test("a mailed code signs in, once", async () => {
    await settings({ account: { login_by_code_supports_resend: true } });
    const paul = await begin();
    await paul.signUp("paul@example.org");
    await paul.at("Hello, paul");
    await paul.signOut();
    await paul.goTo("/account/sessions");
    await paul.link("Send me a code").click();
    await paul.fill({ "Email address or phone number": "paul@example.org" }, "Send me a code");
    await paul.at("Type the code");
    const first = await paul.codeOf(/code/i, "paul@example.org");
    await paul.button("Send another code").click();
    await paul.told("It is on its way.");
    await expect.poll(() => paul.codeOf(/code/i, "paul@example.org")).not.toBe(first);
    await paul.fill({ Code: first }, "Sign in");
    await expect.poll(() => paul.faultOf("Code")).toMatch(/code/i);
    await paul.fill({ Code: await paul.codeOf(/code/i, "paul@example.org") }, "Sign in");
    await paul.at("Sessions");
  });

  test("where no other code may be sent, that is said", async () => {
    const quinn = await begin();
    await quinn.goTo("/signin/code");
    await quinn.fill({ "Email address or phone number": "nobody@example.org" }, "Send me a code");
    await quinn.at("Type the code");
    await quinn.button("Send another code").click();
    await quinn.page.getByText("No more can be sent just now.").waitFor();
    await quinn.button("Begin again").click();
    await quinn.at("Sign in");
  });

  test("a password is changed, and other devices are signed out", async () => {
    const rosa = await begin();
    await rosa.signUp("rosa@example.org");
    await rosa.at("Hello, rosa");
    const phone = await begin({ width: 390 });
    await phone.signIn("rosa@example.org");
    await phone.at("Hello, rosa");
    await rosa.goTo("/account/password");
    await rosa.fill({ "Current password": "wrong", "New password": other }, "Change the password");
    await expect.poll(() => rosa.faultOf("Current password")).not.toBe("");
    await rosa.fill({ "Current password": "Kestrel-Orbit-49", "New password": other }, "Change the password");
    await rosa.told("Your password is changed.");
    expect(await rosa.field("New password").inputValue()).toBe("");
    await phone.comeBack();
    await phone.told("You are signed out.");
  });
}
