import { expect, test } from "vitest";
import type { Given } from "./app.ts";

export function addresses({ begin, settings }: Given): void {
  test("an address is added, verified, made primary, and the old one removed", async () => {
    const sam = await begin();
    await sam.signUp("sam@example.org");
    await sam.at("Hello, sam");
    await sam.verify("sam@example.org");
    await sam.link("All about your account").click();
    await sam.at("Addresses");
    await sam.fill({ "Email address": "sam" }, "Add");
    await expect.poll(() => sam.faultOf("Email address")).toMatch(/valid/);
    const read = await sam.mail(/confirm/i, "sam@example.org");
    await sam.fill({ "Email address": "sam@example.net" }, "Add");
    await sam.told("A mail is on its way to sam@example.net.");
    await sam.mail(/confirm/i, "sam@example.net");
    expect(await read.getAttribute("open")).not.toBeNull(); // what somebody reads stays open when another comes
    await sam.followMail(/confirm/i, "sam@example.org");
    await sam.page.getByText("This link was used before, or is too old.").waitFor();
    await sam.verify("sam@example.net");
    await sam.goTo("/account/addresses");
    await sam.button("Make sam@example.net primary").click();
    await sam.button("Remove sam@example.org").click();
    await sam.page.getByRole("listitem").filter({ hasText: "sam@example.org" }).waitFor({ state: "detached" });
    expect(await sam.page.getByRole("main").getByRole("listitem").allTextContents()).toEqual([
      expect.stringMatching(/^sam@example\.netPrimaryVerified/),
    ]);
  });

  test("the mail that verifies an address is sent once more", async () => {
    const tess = await begin();
    await tess.signUp("tess@example.org");
    await tess.at("Hello, tess");
    await tess.goTo("/account/addresses");
    await tess.button("Verify tess@example.org").click();
    await tess.told("A mail is on its way to tess@example.org.");
    await tess.verify("tess@example.org");
  });

  test("a number is added by the code of a text, and signs in", async () => {
    const uma = await begin();
    await uma.signUp("uma@example.org");
    await uma.at("Hello, uma");
    await uma.goTo("/account/phone");
    await uma.page.getByText("You have given no number yet.").waitFor();
    await uma.fill({ "Phone number": "089" }, "Text me a code");
    await expect.poll(() => uma.faultOf("Phone number")).toMatch(/phone/i);
    await uma.fill({ "Phone number": "+49 89 1234567" }, "Text me a code");
    const first = await uma.codeOf(/Text message/, "+49891234567");
    await uma.button("Send another code").click();
    await uma.told("Another code is on its way.");
    await expect.poll(() => uma.codeOf(/Text message/, "+49891234567")).not.toBe(first);
    await uma.fill({ "The code of the text": await uma.codeOf(/Text message/, "+49891234567") }, "Verify");
    await uma.told("Your number is verified.");
    await uma.page.getByRole("listitem").filter({ hasText: "+49891234567" }).getByText("Verified").waitFor();
    await uma.signOut();
    await uma.signIn("+49 89 1234567");
    await uma.at("Hello, uma");
  });

  test("a number that is given at signup is verified first", async () => {
    await settings({ account: { phone_verification_supports_change: true } });
    const vic = await begin();
    await vic.goTo("/signup");
    await vic.fill(
      { "Email address": "vic@example.org", "Phone number (optional)": "+49 89 7654321", Password: "Kestrel-Orbit-49" },
      "Sign up",
    );
    await vic.at("Verify your number");
    await vic.button("The number is mistyped").click();
    await vic.fill({ "The right number": "+49 89 7654322" }, "Send the code there");
    await vic.fill({ Code: await vic.codeOf(/Text message/, "+49897654322") }, "Go on");
    await vic.at("Hello, vic");
  });
}
