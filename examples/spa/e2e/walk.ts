// What somebody does with the app, for tests: they say what it is called on the page.
import type { Browser, Page } from "playwright-core";
import {
  axe,
  beyond,
  type OpenOptions,
  open,
  overflows,
  settled,
  type Watched,
} from "../../../web/admin/e2e/browser.ts";
import type { Server } from "../../../web/admin/e2e/server.ts";

export const password = "Kestrel-Orbit-49";

/** What a browser itself writes to its console when a request is answered with a no, as many are on purpose. */
const declined = /^Failed to load resource: the server responded with a status of (400|401|403|404|409|410|429)/;

/** Somebody with a browser of their own. */
export class Walk {
  readonly page: Page;

  private constructor(
    readonly server: Server,
    readonly watched: Watched,
  ) {
    this.page = watched.page;
  }

  static async begin(server: Server, browser: Browser, options: OpenOptions = {}): Promise<Walk> {
    const walk = new Walk(server, await open(browser, options));
    await walk.page.goto(server.publicURL);
    await settled(walk.page);
    return walk;
  }

  /** Another tab of the same browser. */
  static of(server: Server, watched: Watched): Walk {
    return new Walk(server, watched);
  }

  async end(): Promise<void> {
    await this.watched.context.close();
  }

  // ---- What there is on the page

  heading = (name: string) => this.page.getByRole("heading", { level: 1, name, exact: true });
  button = (name: string) => this.page.locator("main, dialog").getByRole("button", { name, exact: true });
  link = (name: string) => this.page.getByRole("link", { name, exact: true });
  field = (name: string) => this.page.getByLabel(name, { exact: true });
  mailbox = () => this.page.getByRole("complementary", { name: "Mailbox" });

  /** What the page says. */
  async text(): Promise<string> {
    return (await this.page.locator("body").textContent()) ?? "";
  }

  /** What is wrong with a field. */
  async faultOf(label: string): Promise<string> {
    return (
      (await this.page
        .locator(".field")
        .filter({ has: this.field(label) })
        .locator(".fault")
        .textContent()) ?? ""
    );
  }

  /** Waits until something of the list of the first page is done. */
  async done(title: string): Promise<void> {
    await this.page.getByRole("listitem").filter({ hasText: title }).getByText("Done.").waitFor();
  }

  async goTo(path: string): Promise<void> {
    await this.page.goto(this.server.publicURL + path);
    await settled(this.page);
  }

  async at(heading: string): Promise<void> {
    await this.heading(heading).waitFor();
    await settled(this.page);
  }

  /** What was told in passing. It stays for seconds: whoever tells the same twice looks at something else as well. */
  async told(text: string): Promise<void> {
    await this.page.getByRole("status").getByText(text).waitFor();
  }

  /** Fills in fields by their labels, and presses a button. */
  async fill(fields: Record<string, string>, button: string): Promise<void> {
    for (const [label, value] of Object.entries(fields)) {
      await this.field(label).fill(value);
    }
    await this.button(button).click();
  }

  // ---- What people do

  async signUp(email: string): Promise<void> {
    await this.page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Sign up" }).click();
    await this.fill({ "Email address": email, Password: password }, "Sign up");
  }

  async signIn(login: string, secret = password): Promise<void> {
    await this.goTo("/signin");
    await this.at("Sign in");
    await this.page.getByLabel(/^Email address/).fill(login);
    await this.fill({ Password: secret }, "Sign in");
  }

  async signOut(): Promise<void> {
    await this.page.getByRole("button", { name: "Sign out" }).click();
    await this.page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Sign in" }).waitFor();
    await this.told("You are signed out.");
  }

  /** The latest mail or text to somebody, in the mailbox of the page, when it is one of a subject. */
  async mail(subject: RegExp, to: string) {
    if (!(await this.mailbox().isVisible())) {
      await this.page.getByRole("button", { name: /^Mailbox/ }).click();
    }
    const mail = this.mailbox().locator("details").filter({ hasText: subject }).filter({ hasText: to }).first();
    await mail.waitFor();
    if ((await mail.getAttribute("open")) === null) {
      await mail.locator("summary").click();
    }
    return mail;
  }

  /** Follows the link of a mail, in this app. */
  async followMail(subject: RegExp, to: string): Promise<void> {
    await (await this.mail(subject, to)).getByRole("link").click();
    await settled(this.page);
  }

  /** The code of a mail or text. */
  async codeOf(subject: RegExp, to: string): Promise<string> {
    return (await (await this.mail(subject, to)).locator(".mail-code code").textContent()) ?? "";
  }

  async verify(email: string): Promise<void> {
    await this.followMail(/confirm|verify|address/i, email);
    await this.button("Yes, verify it").click();
    await this.page.waitForURL((url) => !url.pathname.startsWith("/verify-email/"));
    await this.told("Your address is verified.");
  }

  /** Gives the password once more: somebody who has only signed up is asked for it before they change what signs in. */
  async prove(): Promise<void> {
    const dialog = this.page.getByRole("dialog", { name: "Is it you?" });
    await dialog.getByLabel("Password").fill(password);
    await dialog.getByRole("button", { name: "Confirm", exact: true }).click();
    await dialog.waitFor({ state: "detached" });
  }

  /** Comes back to the page after a while with another one. */
  async comeBack(): Promise<void> {
    await this.page.evaluate(() => window.dispatchEvent(new Event("focus")));
  }

  // ---- Keys

  /**
   * Gives this page a platform that keeps passkeys, as a laptop with a fingerprint reader is one. A look for {@link faults} takes it away: it
   * ends a session of the browser's tools, and Chromium ends the keys of all with it.
   */
  async plugIn(): Promise<void> {
    const offerNone = () => {
      if (localStorage.getItem("offer") !== "yes") {
        PublicKeyCredential.isConditionalMediationAvailable = async () => false;
      }
    };
    await this.page.addInitScript(offerNone);
    await this.page.evaluate(offerNone); // and in the document that is there: the app changes pages without another
    const devtools = await this.page.context().newCDPSession(this.page);
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

  /** Offers passkeys under fields, too. A key of a test is then picked as soon as there is such a field, so they are not offered before. */
  async offerPasskeys(): Promise<void> {
    await this.page.evaluate(() => localStorage.setItem("offer", "yes"));
  }

  async addPasskey(name: string): Promise<void> {
    await this.goTo("/account/passkeys");
    await this.fill({ Name: name }, "Add");
    await this.prove();
    await this.page.getByRole("listitem").getByText(name, { exact: true }).waitFor();
  }

  // ---- What a page must not do

  /** What is wrong with the page as it is: for readers of the screen, for narrow screens, and in its console. */
  async faults(where: string): Promise<string[]> {
    await settled(this.page);
    const sideways = (await overflows(this.page)) ? [`it can be moved sideways: ${await beyond(this.page)}`] : [];
    return [...(await axe(this.page)), ...sideways, ...this.complaints()].map((fault) => `${where}: ${fault}`);
  }

  /** What the page has complained of since the last look. */
  complaints(): string[] {
    return this.watched.complaints.splice(0).filter((said) => !declined.test(said));
  }
}
