// What a first visit has to fetch, over the wire and compressed: pages, scripts, styles and pictures, and what they ask the API.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, open, settled } from "./browser";
import { type Operator, operator } from "./operator";
import { seed } from "./seed";
import { Server } from "./server";

const most = 300_000;

let server: Server;
let browser: Browser;
let who: Operator;

beforeAll(async () => {
  server = await Server.start();
  browser = await launch();
  await seed(server);
  who = await operator(server);
  // What is counted of all tenants follows some seconds later, and the overview has no charts before.
  for (let tries = 0; tries < 300; tries++) {
    const { totals } = (await server.admin("GET", "/stats?interval=hour")) as { totals: Record<string, number> };
    if ((totals.signups ?? 0) > 0) {
      return;
    }
    await new Promise((r) => setTimeout(r, 200));
  }
  throw new Error("nothing was counted");
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test.each([
  { path: "/sign-in", signedIn: false },
  { path: "/", signedIn: true },
  { path: "/tenants/demo/users", signedIn: true },
  { path: "/tenants/demo/config", signedIn: true },
])("the first visit to $path", async ({ path, signedIn }) => {
  const { page, context } = await open(browser, { cookies: signedIn ? who.cookies : [] });
  try {
    await page.goto(server.operatorsURL + path);
    await page.locator("h1").waitFor();
    await settled(page);
    const fetched = await page.evaluate(() =>
      [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].map((entry) => ({
        name: entry.name,
        bytes: (entry as PerformanceResourceTiming).encodedBodySize,
      })),
    );
    // Answers of the API are not of the pages' making. Charts and the editor come after what can be read and worked with already is there.
    const files = fetched.filter((f) => !f.name.includes("/admin/v1/") && !f.name.includes("/_allauth/"));
    const later = files.filter((f) => /\/assets\/(Plot|editor)-/.test(f.name));
    const sum = (list: { bytes: number }[]) => list.reduce((n, f) => n + f.bytes, 0);
    const kilo = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;
    const first = sum(files) - sum(later);
    console.log(
      `${path}: ${kilo(first)} in ${files.length - later.length} files at first` +
        (later.length > 0 ? `, ${kilo(sum(later))} in ${later.length} afterwards` : "") +
        `; ${kilo(sum(fetched) - sum(files))} of answers`,
    );
    expect(sum(files), "nothing was counted").toBeGreaterThan(50_000);
    expect(first, JSON.stringify(files, null, 1)).toBeLessThan(most);
    if (path === "/") {
      expect(later.length, "the charts were fetched").toBeGreaterThan(0);
      expect(sum(files), "with the charts").toBeLessThan(most);
    }
    if (path !== "/tenants/demo/config") {
      expect(
        later.filter((f) => f.name.includes("/editor-")),
        "the editor is for the screens with one",
      ).toEqual([]);
    }
  } finally {
    await context.close();
  }
});
