// A real browser: Debian's Chromium, or whichever CHROMIUM names.
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page, type Request } from "playwright-core";
import { withPalette } from "./png";

const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

export type Scheme = "light" | "dark";

export async function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-dev-shm-usage",
    ],
  });
}

/** What a page must not do: complain to its console, break its own policy, or fail. */
export interface Watched {
  context: BrowserContext;
  page: Page;
  complaints: string[];
}

/** A page that is watched. Requests that were refused on purpose are named by expected, a part of the complaint. */
export async function open(
  browser: Browser,
  options: { scheme?: Scheme; width?: number; cookies?: Parameters<BrowserContext["addCookies"]>[0] } = {},
): Promise<Watched> {
  const context = await browser.newContext({
    colorScheme: options.scheme ?? "light",
    viewport: { width: options.width ?? 1280, height: options.width ? 844 : 860 },
    reducedMotion: "reduce",
    locale: "en-GB",
    bypassCSP: false,
  });
  if (options.cookies) {
    await context.addCookies(options.cookies);
  }
  context.setDefaultTimeout(15_000);
  await context.addInitScript(watchShifts);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (m) => {
    if (m.type() === "error" || /Content Security Policy/i.test(m.text())) {
      complaints.push(`${m.text()} (${m.location().url})`);
    }
  });
  page.on("pageerror", (e) => complaints.push(String(e)));
  const asked = new Set<Request>();
  page.on("request", (r) => asked.add(r));
  page.on("requestfinished", (r) => asked.delete(r));
  page.on("requestfailed", (r) => asked.delete(r));
  waiting.set(page, asked);
  return { context, page, complaints };
}

// Runs in the page, before anything of it. What moved is kept by name, so that a fault tells where to look.
function watchShifts(): void {
  const w = window as unknown as { shifts: Shift[] };
  w.shifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as unknown as {
      value: number;
      hadRecentInput: boolean;
      sources: { node: Node | null }[];
    }[]) {
      if (!entry.hadRecentInput) {
        const moved = entry.sources.map(({ node }) => {
          const element = node instanceof Element ? node : node?.parentElement;
          return element ? `${element.tagName} ${element.textContent?.slice(0, 40) ?? ""}` : "what is gone";
        });
        w.shifts.push({ value: entry.value, moved });
      }
    }
  }).observe({ type: "layout-shift", buffered: true });
}

interface Shift {
  value: number;
  moved: string[];
}

/** How far the page's content jumped by itself, as browsers count it (Cumulative Layout Shift), and what jumped. */
export async function shifts(page: Page): Promise<{ sum: number; moved: string[] }> {
  const all = await page.evaluate(() => (window as unknown as { shifts: Shift[] }).shifts);
  return { sum: all.reduce((sum, s) => sum + s.value, 0), moved: all.flatMap((s) => s.moved) };
}

/** What each page has asked for, and not got yet. */
const waiting = new WeakMap<Page, Set<Request>>();

/**
 * Waits until the page has what it asked for. Playwright's networkidle is not asked: it waits for frames within the page as well, and is
 * now and then never told of one that asks for nothing, such as that of a mail.
 */
export async function settled(page: Page): Promise<void> {
  await page.waitForLoadState("load");
  const asked = waiting.get(page) ?? new Set();
  for (let quiet = 0, tries = 0; quiet < 10; tries++) {
    if (tries > 600) {
      throw new Error(`the page still waits for ${[...asked].map((r) => r.url()).join(", ")}`);
    }
    await page.waitForTimeout(50);
    quiet = asked.size === 0 ? quiet + 1 : 0;
  }
  await page.locator('[aria-busy="true"]').first().waitFor({ state: "detached" });
}

/** What axe finds against WCAG 2.2 AA, as lines that name the rule and the place. */
export async function axe(page: Page): Promise<string[]> {
  // axe runs in a world of its own, which the page's policy does not concern.
  const session = await page.context().newCDPSession(page);
  const { readFile } = await import("node:fs/promises");
  const source = await readFile(axePath, "utf8");
  const { frameTree } = await session.send("Page.getFrameTree");
  const world = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id, worldName: "axe" });
  await session.send("Runtime.evaluate", { expression: source, contextId: world.executionContextId });
  const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
    expression: `axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then((r) =>
      r.violations.flatMap((v) => v.nodes.map((n) => v.id + ": " + n.target.join(" ") + " " + n.html.slice(0, 160) + " " + (n.any[0]?.message ?? ""))))`,
    contextId: world.executionContextId,
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  if (exceptionDetails) {
    throw new Error(`axe failed: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
  }
  return result.value as string[];
}

/** Whether the page can be moved sideways, which it must not be at any width. */
export async function overflows(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth + 1);
}

/** What reaches beyond the right edge of the page, for whoever looks for the cause. */
export async function beyond(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const edge = document.documentElement.clientWidth + 1;
    return [...document.querySelectorAll("body *")]
      .filter((e) => e.getBoundingClientRect().right > edge)
      .map((e) => `${e.tagName}.${e.className} ${e.textContent?.slice(0, 30)}`);
  });
}

/** Takes a picture of the page as it is. */
export async function shot(page: Page, path: string, fullPage = true): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await page.screenshot({ path: resolve(path), fullPage, animations: "disabled", caret: "hide" });
}

/** A picture for the documentation: as much of the page as a tall screen shows, in a small file. */
export async function picture(page: Page, path: string): Promise<void> {
  await settled(page);
  const height = await page.evaluate(() => {
    // Which machine was asked for a name is nobody's business.
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      text.nodeValue = text.nodeValue?.replace(/ on \S+:53(?=:)/, "") ?? "";
    }
    return document.documentElement.scrollHeight;
  });
  await page.setViewportSize({
    width: page.viewportSize()?.width ?? 1280,
    height: Math.min(Math.max(height, 900), 1500),
  });
  await settled(page);
  const png = await page.screenshot({ animations: "disabled", caret: "hide" });
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, withPalette(png));
}
