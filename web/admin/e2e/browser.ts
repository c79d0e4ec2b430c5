// A real browser, and what is looked at in its pages.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page, type Request } from "playwright-core";
import { chromiumOptions } from "./chromium";
import { withPalette } from "./png";

// Of the package whose tests run: those of the example front end use this file as well.
const axePath = createRequire(resolve("package.json")).resolve("axe-core/axe.min.js");

export type Scheme = "light" | "dark";

export async function launch(): Promise<Browser> {
  return chromium.launch(chromiumOptions);
}

/** What a page must not do: complain to its console, break its own policy, or fail. */
export interface Watched {
  context: BrowserContext;
  page: Page;
  complaints: string[];
}

export interface OpenOptions {
  scheme?: Scheme;
  width?: number;
  cookies?: Parameters<BrowserContext["addCookies"]>[0];
}

/** A page that is watched. Requests that were refused on purpose are named by expected, a part of the complaint. */
export async function open(browser: Browser, options: OpenOptions = {}): Promise<Watched> {
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
  await context.addInitScript(changeAtOnce);
  await context.addInitScript(watchShifts);
  await context.addInitScript(watchTimers, soon);
  return another(context);
}

/** One more page of somebody who has one: it has the cookies, and what was fetched once is not fetched again. */
export async function another(context: BrowserContext): Promise<Watched> {
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (m) => {
    if (m.type() === "error" || /Content Security Policy/i.test(m.text())) {
      complaints.push(`${m.text()} (${m.location().url})`);
    }
  });
  page.on("pageerror", (e) => complaints.push(String(e)));
  const calls: Calls = { open: new Set(), begun: 0 };
  page.on("request", (r) => {
    calls.open.add(r);
    calls.begun++;
  });
  page.on("requestfinished", (r) => calls.open.delete(r));
  page.on("requestfailed", (r) => calls.open.delete(r));
  waiting.set(page, calls);
  return { context, page, complaints };
}

// Runs in the page, before anything of it: what changes, as all colours do where light is turned to dark, has changed at once. A look at
// the page then never finds it on the way, where labels are hard to read for a moment. The page's policy allows no style element.
function changeAtOnce(): void {
  const style = new CSSStyleSheet();
  style.replaceSync("*, ::before, ::after { transition: none !important }");
  document.adoptedStyleSheets.push(style);
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

/** What a page has asked for: what it has not got yet, and how often it asked. */
interface Calls {
  open: Set<Request>;
  begun: number;
}

const waiting = new WeakMap<Page, Calls>();

/** Whoever waits no longer than this, in milliseconds, is waited for: what somebody types is asked for after such a pause. */
const soon = 500;

// Runs in the page, before anything of it: keeps which of its timers are about to do something.
function watchTimers(soon: number): void {
  const w = window as unknown as {
    timers: Set<number>;
    setTimeout: typeof setTimeout;
    clearTimeout: typeof clearTimeout;
  };
  const [set, clear] = [w.setTimeout.bind(window), w.clearTimeout.bind(window)] as unknown as [
    (act: () => void, after: number) => number,
    (id: number | undefined) => void,
  ];
  w.timers = new Set();
  Object.assign(w, {
    setTimeout: (act: unknown, after = 0, ...rest: unknown[]) => {
      if (typeof act !== "function" || after > soon) {
        return set(act as () => void, after, ...(rest as []));
      }
      const id = set(() => {
        w.timers.delete(id);
        act(...rest);
      }, after);
      w.timers.add(id);
      return id;
    },
    clearTimeout: (id: number | undefined) => {
      w.timers.delete(id ?? 0);
      clear(id);
    },
  });
}

// Runs in the page: until it has drawn what it has, has nothing left to do and no timer is about to change that. An animation that goes on
// and on, such as that of bars, is not waited for.
function atRest(): Promise<void> {
  const w = window as unknown as { timers?: Set<number> };
  const quiet = () => (w.timers?.size ?? 0) === 0;
  return new Promise((done) => {
    const look = () =>
      requestAnimationFrame(() =>
        requestIdleCallback(() => (quiet() ? requestAnimationFrame(() => done()) : look()), { timeout: 1000 }),
      );
    look();
  });
}

/**
 * Waits until the page has what it asked for, has shown it, and is about to ask for nothing more. Playwright's networkidle is not asked:
 * it waits for half a second each time, and for frames within the page as well, and is now and then never told of one that asks for
 * nothing, such as that of a mail.
 */
export async function settled(page: Page): Promise<void> {
  await page.waitForLoadState("load");
  const calls = waiting.get(page) ?? { open: new Set(), begun: 0 };
  const until = Date.now() + 30_000;
  for (let begun = -1; begun !== calls.begun || calls.open.size > 0; ) {
    if (Date.now() > until) {
      throw new Error(`the page still waits for ${[...calls.open].map((r) => r.url()).join(", ")}`);
    }
    begun = calls.begun;
    if (calls.open.size > 0) {
      await page.waitForTimeout(10);
      continue;
    }
    // What was asked of a page that is on its way to another one is asked of that.
    await page.evaluate(atRest).catch(async (e: Error) => {
      if (!/context was destroyed|navigation/i.test(e.message)) {
        throw e;
      }
      begun = -1;
      await page.waitForLoadState("load");
    });
  }
  await page.locator('[aria-busy="true"]').first().waitFor({ state: "detached" });
}

let source: string | undefined;

/** What axe finds against WCAG 2.2 AA, as lines that name the rule and the place. */
export async function axe(page: Page): Promise<string[]> {
  // axe runs in a world of its own, which the page's policy does not concern, and which lives as long as the document.
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send("Page.getFrameTree");
  const world = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id, worldName: "axe" });
  const there = await session.send("Runtime.evaluate", {
    expression: `typeof axe === "object"`,
    contextId: world.executionContextId,
    returnByValue: true,
  });
  if (there.result.value !== true) {
    source ??= await readFile(axePath, "utf8");
    await session.send("Runtime.evaluate", { expression: source, contextId: world.executionContextId });
  }
  const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
    expression: `axe.run(document, { resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then((r) =>
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
