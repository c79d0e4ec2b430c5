// For whoever works on the pages: pictures of them in both schemes and on a telephone, and what is wrong with each.
//
//   OUT=/tmp/look npx vitest run --project look
import { expect, test } from "vitest";
import { launch, shot } from "../../../web/admin/e2e/browser.ts";
import { Server } from "../../../web/admin/e2e/server.ts";
import { Authenticator } from "../../../web/admin/e2e/totp.ts";
import { Walk } from "./walk.ts";

test("look", async () => {
  const out = process.env.OUT ?? "/tmp/look";
  const server = await Server.start();
  const browser = await launch();
  const faults: string[] = [];
  try {
    for (const [name, options] of [
      ["light", { width: undefined }],
      ["dark", { scheme: "dark" }],
      ["phone", { width: 390 }],
    ] as const) {
      const email = `${name}@example.org`;
      const walk = await Walk.begin(server, browser, options);
      const look = async (page: string) => {
        faults.push(...(await walk.faults(`${page} (${name})`)));
        await shot(walk.page, `${out}/${page}.${name}.png`, false);
      };
      await look("home");
      for (const page of [
        "signin",
        "signin/code",
        "forgot-password",
        "nowhere",
        "provider-error",
        "verify-email/x:y",
        "reset-password/x-y",
      ]) {
        await walk.goTo(`/${page}`);
        await look(page.replaceAll("/", "-").replace(":", ""));
      }
      await walk.goTo("/signup");
      await walk.fill({ "Email address": "x" }, "Sign up");
      await walk.page.getByRole("alert").filter({ hasText: /\w/ }).first().waitFor();
      await look("signup-faults");
      await walk.fill({ "Email address": email, Password: "Kestrel-Orbit-49" }, "Sign up");
      await walk.page.getByRole("heading", { name: /^Hello/ }).waitFor();
      await walk.mail(/./, email);
      await look("welcome");
      await walk.followMail(/./, email);
      await look("verify-email");
      await walk.button("Yes, verify it").click();
      await walk.page.getByRole("heading", { name: /^Hello/ }).waitFor();
      await walk.plugIn();
      await walk.addPasskey("My laptop");
      await look("passkeys");
      await walk.goTo("/account/app");
      await look("app");
      const app = new Authenticator((await walk.page.locator("code.secret").textContent()) ?? "");
      await walk.fill({ "Code of the app": await app.code() }, "Turn it on");
      await walk.at("Recovery codes");
      await look("recovery-codes");
      for (const page of ["addresses", "phone", "password", "app", "sessions"]) {
        await walk.goTo(`/account/${page}`);
        await look(page === "app" ? "app-on" : page);
      }
      await walk.goTo("/");
      await look("welcome-back");
      await walk.signOut();
      await walk.signIn(email);
      await walk.at("One more proof");
      await look("second-factor");
      await walk.end();
    }
  } finally {
    await browser.close();
    await server.stop();
  }
  expect(faults).toEqual([]);
});
