import { expect, test } from "vitest";
import type { Given } from "./app.ts";
import { password } from "./walk.ts";

export function newcomer({ begin, settings }: Given): void {
  test("signs up, reads the mail, verifies the address, adds a passkey, and signs in with it", async () => {
    const ann = await begin();
    await ann.plugIn();
    await ann.at("An account in a minute");
    await ann.signUp("ann@example.org");
    await ann.at("Hello, ann");
    await ann.verify("ann@example.org");
    await ann.at("Hello, ann");
    await ann.done("Verify your address");

    await ann.link("Add a passkey").click();
    await ann.at("Passkeys and keys");
    await ann.fill({ Name: "Ann's laptop" }, "Add");
    await ann.prove();
    await ann.page.getByRole("listitem").getByText("Ann's laptop", { exact: true }).waitFor();

    await ann.signOut();
    await ann.goTo("/signin");
    await ann.button("Sign in with a passkey").click();
    await ann.at("Hello, ann");
    await ann.done("Add a passkey");
    await ann.done("Sign in with it");

    await ann.signOut();
    await ann.offerPasskeys();
    await ann.goTo("/signin");
    await ann.at("Hello, ann");
  });

  test("is told what is wrong with what they gave, at the field", async () => {
    const ben = await begin();
    await ben.goTo("/signup");
    await ben.fill({ "Email address": "ben", Password: "" }, "Sign up");
    await expect.poll(() => ben.faultOf("Email address")).toMatch(/valid/);
    await expect.poll(() => ben.faultOf("Password")).toMatch(/required/);
    expect(await ben.field("Email address").evaluate((e) => e === document.activeElement)).toBe(true);
    await ben.fill({ "Email address": "ben@example.org", "Username (optional)": "ben", Password: "123" }, "Sign up");
    await expect.poll(() => ben.faultOf("Password")).toMatch(/short|common|characters/);
    expect(await ben.faultOf("Email address")).toBe("");
    await ben.fill({ Password: password }, "Sign up");
    await ben.at("Hello, ben");
    await ben.signOut();
    await ben.signIn("ben", "not-the-password");
    await expect.poll(() => ben.text()).toMatch(/(password|username).* (not correct|incorrect)/i);
    await ben.fill({ Password: password }, "Sign in");
    await ben.at("Hello, ben");
  });

  test("is asked for what the tenant needs, as the server says so", async () => {
    await settings({ account: { login_methods: ["email"], signup_fields: ["email*", "username*", "password1*"] } });
    const cleo = await begin();
    await cleo.goTo("/signup");
    expect(await cleo.page.getByLabel(/^Username/).count()).toBe(0);
    await cleo.fill({ "Email address": "cleo@example.org", Password: password }, "Sign up");
    await cleo.field("Username").fill("cleopatra");
    await cleo.button("Sign up").click();
    await cleo.at("Hello, cleopatra");
  });

  test("is told where nobody may sign up", async () => {
    await settings({ account: { signup_enabled: false } });
    const dan = await begin();
    await dan.goTo("/signup");
    await dan.page.getByText("New accounts are not made here").waitFor();
    await dan.goTo("/");
    expect(await dan.page.getByRole("main").getByRole("link", { name: "Sign up" }).count()).toBe(0);
  });

  test("verifies by a code before anything else, where the tenant has it so, and mends a mistyped address", async () => {
    await settings({
      account: {
        email_verification: "mandatory",
        email_verification_by_code_enabled: true,
        email_verification_supports_change: true,
        email_verification_supports_resend: true,
      },
    });
    const eva = await begin();
    await eva.signUp("eva@exmaple.org");
    await eva.at("Verify your address");
    await eva.goTo("/signin"); // which is the same visit, and goes on with it
    await eva.at("Verify your address");
    await eva.fill({ Code: "BCDF-GHJK" }, "Go on");
    await expect.poll(() => eva.faultOf("Code")).toMatch(/code/i);
    await eva.button("The address is mistyped").click();
    await eva.fill({ "The right address": "eva@example.org" }, "Send the code there");
    await eva.told("A code is on its way to eva@example.org.");
    const first = await eva.codeOf(/code/i, "eva@example.org");
    await eva.button("Send another code").click();
    await eva.told("It is on its way.");
    await expect.poll(() => eva.codeOf(/code/i, "eva@example.org")).not.toBe(first);
    await eva.fill({ Code: await eva.codeOf(/code/i, "eva@example.org") }, "Go on");
    await eva.at("Hello, eva");
  });

  test("verifies by a link before anything else, where the tenant has it so", async () => {
    await settings({ account: { email_verification: "mandatory" } });
    const finn = await begin();
    await finn.signUp("finn@example.org");
    await finn.at("Verify your address");
    await finn.button("I have opened the link").click();
    await finn.at("Verify your address");
    await finn.followMail(/confirm/i, "finn@example.org");
    await finn.button("Yes, verify it").click();
    await finn.told("Your address is verified.");
    await finn.signIn("finn@example.org");
    await finn.at("Hello, finn");
    await finn.page.goBack();
    await finn.followMail(/confirm/i, "finn@example.org");
    await finn.page.getByText("This link was used before, or is too old.").waitFor();
  });

  test("gives up, and begins again", async () => {
    await settings({ account: { email_verification: "mandatory", email_verification_by_code_enabled: true } });
    const grace = await begin();
    await grace.signUp("grace@example.org");
    await grace.at("Verify your address");
    await grace.button("Begin again").click();
    await grace.at("Sign in");
  });

  test("comes back to the page that they wanted before they signed in, if it is one of this app", async () => {
    const hugo = await begin();
    await hugo.signUp("hugo@example.org");
    await hugo.at("Hello, hugo");
    await hugo.signOut();
    await hugo.goTo("/account/sessions");
    await hugo.at("Sign in");
    await hugo.fill({ "Email address, username or phone number": "hugo@example.org", Password: password }, "Sign in");
    await hugo.at("Sessions");
    for (const elsewhere of ["https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:alert(1)"]) {
      await hugo.goTo(`/signin?next=${encodeURIComponent(elsewhere)}`);
      await hugo.at("Hello, hugo");
    }
  });
}
