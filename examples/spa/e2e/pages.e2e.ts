// How the pages look is the same, whatever the server keeps its data in.
import { expect, test } from "vitest";
import { app, type Given } from "./app.ts";

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
  "/account/sessions": "Sessions",
};

function pages({ begin }: Given): void {
  test.each([
    { name: "light", scheme: "light" as const, width: 1280 },
    { name: "dark", scheme: "dark" as const, width: 1280 },
    { name: "phone", scheme: "light" as const, width: 360 },
    { name: "dark-phone", scheme: "dark" as const, width: 360 },
  ])("every page is sound: $name", async ({ name, scheme, width }) => {
    const look = await begin({ scheme, width });
    const faults: string[] = [];
    const visit = async (all: Record<string, string>) => {
      for (const [path, title] of Object.entries(all)) {
        await look.goTo(path);
        await look.at(title);
        expect(await look.page.title()).toBe(`${title} · Vestibule demo`);
        faults.push(...(await look.faults(path)));
      }
    };
    await visit(open);
    await look.signUp(`${name}@example.org`);
    await look.at(`Hello, ${name}`);
    faults.push(...(await look.faults("signed in")));
    await look.mail(/confirm/i, `${name}@example.org`);
    faults.push(...(await look.faults("with the mailbox")));
    await look.followMail(/confirm/i, `${name}@example.org`);
    await look.at("Verify your address");
    faults.push(...(await look.faults("a link that is good")));
    await look.button("Yes, verify it").click();
    await look.at(`Hello, ${name}`);
    await visit(account);
    expect(faults).toEqual([]);
  });
}

app({}, pages);
