// Every screen, in light, in dark and on a telephone: axe finds nothing, the console is silent, nothing moves sideways or jumps, the
// keyboard gets everywhere, and while something is on its way or has failed, that is said. With SCREENSHOTS=1 it takes the pictures in docs.
import { resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { between, type Held } from "./between";
import {
  axe,
  beyond,
  launch,
  type OpenOptions,
  open,
  overflows,
  picture,
  settled,
  shifts,
  type Watched,
} from "./browser";
import { invite, newcomer, type Operator, operator, type Visitor } from "./operator";
import { type Seeded, seed, seedMore } from "./seed";
import { Server } from "./server";

/** Who looks at a screen: nobody yet, somebody with a password alone, or an operator. */
type Who = "nobody" | "newcomer" | "operator";

interface Screen {
  /** Of its picture. */
  name: string;
  /** An address for the path, where that has parameters. */
  at?: (there: There) => string;
  who?: Who;
  /** It asks the admin API for nothing when it is opened. */
  asksNothing?: true;
  /** It shows what the frame around it asked for: the tenant. */
  ofFrame?: true;
}

interface There {
  seeded: Seeded;
  /** The path in the mail that invited an operator, and in one that asks whether an address is theirs. */
  invitation: string;
  verification: string;
}

const of = (slug: string) => ({ at: () => `/tenants/demo/${slug}` });

// By the paths in src/router.tsx: a test compares the two lists.
const screens: Record<string, Screen> = {
  "/sign-in": { name: "sign-in", who: "nobody", asksNothing: true },
  "/first-owner": { name: "first-owner", who: "nobody", asksNothing: true },
  "/second-factor": { name: "second-factor", who: "newcomer", asksNothing: true },
  "/account/password/reset": { name: "password-reset", who: "nobody", asksNothing: true },
  "/account/password/reset/key/$key": {
    name: "password-reset-key",
    who: "nobody",
    at: (there) => there.invitation,
    asksNothing: true,
  },
  "/account/verify-email/$key": {
    name: "verify-email",
    who: "nobody",
    at: (there) => there.verification,
    asksNothing: true,
  },
  "/": { name: "fleet" },
  "/tenants": { name: "tenants" },
  "/new-tenant": { name: "new-tenant", asksNothing: true },
  "/deleted-tenants": { name: "deleted-tenants" },
  "/audit": { name: "audit" },
  "/operators": { name: "operators" },
  "/tokens": { name: "tokens" },
  "/doctor": { name: "doctor", asksNothing: true },
  "/account": { name: "account", asksNothing: true },
  "/tenants/$slug": { name: "tenant", ...of("") },
  "/tenants/$slug/users": { name: "users", ...of("users") },
  "/tenants/$slug/users/$id": { name: "user", at: ({ seeded }) => `/tenants/demo/users/${seeded.user}` },
  "/tenants/$slug/deleted-users": { name: "deleted-users", ...of("deleted-users") },
  "/tenants/$slug/imports": { name: "imports", ...of("imports") },
  "/tenants/$slug/imports/$id": { name: "import", at: ({ seeded }) => `/tenants/demo/imports/${seeded.import}` },
  "/tenants/$slug/sign-in-methods": { name: "sign-in-methods", ...of("sign-in-methods") },
  "/tenants/$slug/providers": { name: "providers", ...of("providers") },
  "/tenants/$slug/mfa": { name: "mfa", ...of("mfa") },
  "/tenants/$slug/sessions": { name: "sessions", ...of("sessions") },
  "/tenants/$slug/protection": { name: "protection", ...of("protection") },
  "/tenants/$slug/urls": { name: "urls", ...of("urls") },
  "/tenants/$slug/email": { name: "email", ...of("email") },
  "/tenants/$slug/templates": { name: "templates", ...of("templates") },
  "/tenants/$slug/templates/$kind": { name: "template", ...of("templates/email_confirmation") },
  "/tenants/$slug/messages": { name: "messages", ...of("messages") },
  "/tenants/$slug/webhooks": { name: "webhooks", ...of("webhooks") },
  "/tenants/$slug/webhooks/$id": { name: "webhook", at: ({ seeded }) => `/tenants/demo/webhooks/${seeded.webhook}` },
  "/tenants/$slug/audit": { name: "tenant-audit", ...of("audit") },
  "/tenants/$slug/config": { name: "config", ...of("config"), ofFrame: true },
  "/tenants/$slug/versions": { name: "versions", ...of("versions") },
  "/tenants/$slug/doctor": { name: "tenant-doctor", ...of("doctor") },
  "/tenants/$slug/danger": { name: "danger", ...of("danger"), ofFrame: true },
};

/** Ways to a screen that have no picture of their own. */
const aliases = ["/login", "/signin"];

/** A screen is opened in dark on a desktop and in light on a telephone; on a desktop it is turned to light, too. */
const looks = [
  { on: "a desktop", options: { scheme: "dark" } },
  { on: "a telephone", options: { scheme: "light", width: 390 } },
] as const;

/** Answers that allauth's API gives with a status that browsers complain of: nobody is signed in, or a step is missing. */
const usual = /status of 401 .*\/(_allauth\/browser\/v1\/|admin\/v1\/me)/;

let server: Server;
let browser: Browser;
let who: Operator;
let halfway: Visitor;
let there: There;

beforeAll(async () => {
  server = await Server.start();
  browser = await launch();
  const seeded = await seed(server);
  await seedMore(server);
  who = await operator(server);
  halfway = await newcomer(server, "nora@example.org");
  await halfway.want([200], "POST", "/account/email", { email: "nora@example.net" });
  there = {
    seeded,
    invitation: await invite(server, "ida@example.org"),
    verification: await linkIn(await server.mail("nora@example.net"), "/account/verify-email/"),
  };
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

function linkIn(mail: string, path: string): string {
  const found = mail.match(new RegExp(`${path}[^\\s"<]+`));
  if (!found) {
    throw new Error(`no link to ${path} in the mail:\n${mail}`);
  }
  return found[0];
}

function cookiesOf(screen: Screen) {
  if (screen.who === "nobody") {
    return [];
  }
  return screen.who === "newcomer" ? halfway.cookies() : who.cookies;
}

/**
 * Opens a screen as somebody comes to it who was never there, but for the files that all screens share: those stay with the browser, as
 * they do with people. One page by look and visitor goes from screen to screen.
 */
async function come(path: string, screen: Screen, options: OpenOptions, before?: (page: Page) => Promise<void>) {
  const key = JSON.stringify([screen.who, options]);
  const watched = pages.get(key) ?? (await open(browser, options));
  if (!pages.has(key)) {
    pages.set(key, watched);
    await watched.context.addInitScript(() => {
      localStorage.clear();
      sessionStorage.clear();
    });
  }
  const { page, context, complaints } = watched;
  await page.goto(`${server.operatorsURL}/favicon.svg`); // no screen of the app is left that might ask for something
  await context.clearCookies();
  await context.addCookies(cookiesOf(screen));
  await page.emulateMedia({ colorScheme: options.scheme ?? "light" });
  complaints.length = 0;
  await before?.(page);
  await page.goto(addressOf(path, screen));
  return watched;
}

const pages = new Map<string, Watched>();

/** The schemes that pictures are taken in: none, unless they are asked for. */
const pictured: ("light" | "dark")[] = process.env.SCREENSHOTS ? ["light", "dark"] : [];

const addressOf = (path: string, screen: Screen) => server.operatorsURL + (screen.at?.(there) ?? path);

test("every screen of the router is looked at here", async () => {
  const { page, context } = await open(browser, { cookies: who.cookies });
  await page.goto(`${server.operatorsURL}/`);
  await settled(page);
  const paths = await page.evaluate(() => {
    const router = (window as unknown as { __TSR_ROUTER__: { routesByPath: Record<string, unknown> } }).__TSR_ROUTER__;
    return Object.keys(router.routesByPath);
  });
  await context.close();
  const found = new Set(paths.map((p) => p.replace(/(.)\/$/, "$1")));
  expect([...found].sort()).toEqual([...Object.keys(screens), ...aliases].sort());
});

describe.each(Object.entries(screens))("%s", (path, screen) => {
  test.each(looks)("on $on", async ({ options }) => {
    const { page, complaints } = await come(path, screen, options);
    await settled(page);
    const headings = page.locator("h1");
    await headings.first().waitFor();
    expect(await headings.count(), "headings of the first order").toBe(1);
    expect(await page.title()).toMatch(/\S · Vestibule$/);
    await fits(page, options.scheme);
    if (options.scheme === "dark") {
      await page.emulateMedia({ colorScheme: "light" });
      await page.locator('html[data-mantine-color-scheme="light"]').waitFor();
      await settled(page);
      await fits(page, "light");
      await theKeyboardGetsIn(page, screen);
    }
    const jumped = await shifts(page);
    expect(jumped.sum, `what jumped: ${jumped.moved.join("; ")}`).toBeLessThanOrEqual(0.02);
    expect(complaints.filter((c) => screen.who === undefined || !usual.test(c))).toEqual([]);
  });

  // make screenshots
  test.each(pictured)("picture in %s", async (scheme) => {
    const { page, context } = await open(browser, { scheme, cookies: cookiesOf(screen) });
    try {
      await page.goto(addressOf(path, screen));
      await page.locator("h1").first().waitFor();
      const name = scheme === "dark" ? `${screen.name}-dark` : screen.name;
      await picture(page, resolve(import.meta.dirname, `../../../docs/screenshots/${name}.png`));
    } finally {
      await context.close();
    }
  });

  test("while it waits, when that fails, and when it is tried again", async () => {
    const asked = new Set<string>();
    const held: Held[] = [];
    let answer: (call: Held) => Promise<void> = async (call) => void held.push(call);
    // What is asked for is held, failed, and let through, in turn. Who is signed in and which tenant it is belong to the frame.
    const frame = screen.ofFrame ? /^\/admin\/v1\/me$/ : /^\/admin\/v1\/(me|tenants\/demo)$/;
    let stop = async () => {};
    onTestFinished(() => stop());
    const { page } = await come(path, screen, {}, async (page) => {
      stop = await between(page, "*/admin/v1/*", async (call) => {
        const at = new URL(call.url).pathname;
        if (frame.test(at) || call.method !== "GET") {
          return call.goOn();
        }
        asked.add(at);
        return answer(call);
      });
    });
    if (screen.asksNothing) {
      await settled(page);
      await page.locator("h1").waitFor();
      expect([...asked], "it does ask for something: take asksNothing away").toEqual([]);
      return; // there is nothing to wait for, and nothing to fail
    }
    await page.locator('main [aria-busy="true"]').first().waitFor();
    answer = (call) => call.fail("The test made this fail.");
    await Promise.all(held.splice(0).map(answer));
    const again = page.getByRole("button", { name: "Try again" });
    await again.first().waitFor();
    await page.getByText("The test made this fail.").first().waitFor();
    answer = (call) => call.goOn();
    for (let tries = 0; (await again.count()) > 0 && tries < 10; tries++) {
      // It may be gone by itself: what is on the screen is asked for again now and then.
      await again
        .first()
        .click({ timeout: 2000 })
        .catch(() => {});
      await settled(page);
    }
    expect(await page.getByText("The test made this fail.").count(), "what failed is still shown").toBe(0);
  });
});

/** Nothing is wrong with how the page looks, for whoever looks and for whoever listens. */
async function fits(page: Page, look: string): Promise<void> {
  expect(await axe(page), look).toEqual([]);
  expect(await overflows(page), `${look}: it can be moved sideways: ${(await beyond(page)).join("; ")}`).toBe(false);
}

/** The first key leads past the menu, or into the form; wherever the keyboard is shows. */
async function theKeyboardGetsIn(page: Page, screen: Screen): Promise<void> {
  const where = () =>
    page.evaluate(() => {
      const e = document.activeElement as HTMLElement;
      // The inputs of a segmented control have no size: their labels show where one is.
      const at = (e.matches("input[type=radio]") ? (e.parentElement ?? e) : e).getBoundingClientRect();
      const outlined = (x: Element | null) => {
        const style = x && getComputedStyle(x);
        return style !== null && style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) > 0;
      };
      // What is round, drawn by a label or within an editor shows the focus on what is beside or around it.
      const around: (Element | null)[] = [e.nextElementSibling];
      for (let x: Element | null = e; x && around.length < 7; x = x.parentElement) {
        around.push(x);
      }
      const shown = around.some(outlined) || getComputedStyle(e).boxShadow !== "none";
      const bordered = e.matches("input, textarea, select"); // their border changes its colour
      return {
        what: `${e.tagName} ${e.textContent?.trim().slice(0, 30) || e.getAttribute("aria-label") || ""}`,
        body: e === document.body,
        shown: e.matches(":focus-visible") && (shown || bordered),
        inside: at.bottom > 0 && at.top < innerHeight && at.width > 0 && at.height > 0,
      };
    });
  // From the beginning, whatever the screen gave the focus to.
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.keyboard.press("Tab");
  if (screen.who === undefined) {
    expect((await where()).what).toBe("A Skip to the content");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
    await page.keyboard.press("Tab");
  }
  for (let i = 0; i < 6; i++) {
    const at = await where();
    if (at.body) {
      break; // past the last
    }
    expect(at, `where the keyboard is: ${at.what}`).toMatchObject({ shown: true, inside: true });
    await page.keyboard.press("Tab");
  }
}
