// A real server and a real browser, for tests of the app.
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect } from "vitest";
import { launch, type OpenOptions } from "../../../web/admin/e2e/browser.ts";
import { Server } from "../../../web/admin/e2e/server.ts";
import { Walk } from "./walk.ts";

/** What the tests of one server share. */
export interface Given {
  server: () => Server;
  /** Opens the app for somebody with a browser of their own. What it complains of by the end of the test fails it. */
  begin: (options?: OpenOptions) => Promise<Walk>;
  /** Changes settings of the demo tenant until the end of the test. */
  settings: (config: Settings) => Promise<void>;
}

type Settings = Record<string, Record<string, unknown>>;

/** Runs tests against a server of their own, which is started with an environment. */
export function app(env: Record<string, string>, ...all: ((given: Given) => void)[]): void {
  let server: Server;
  let browser: Browser;
  const walks: Walk[] = [];
  const undo: Settings[] = [];

  beforeAll(async () => {
    server = await Server.start(env);
    browser = await launch();
    // Tests do in a minute what people do in an hour.
    await server.admin("PATCH", "/tenants/demo", { config: { account: { rate_limits: false } } });
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  afterEach(async ({ task }) => {
    const complaints = walks.flatMap((walk) => walk.complaints());
    for (const walk of walks.splice(0)) {
      if (task.result?.state === "fail") {
        console.log(`at ${walk.page.url()} there was:\n${await walk.text()}\n${said()}`); // for whoever looks for the reason
      }
      await walk.end();
    }
    for (const config of undo.splice(0).reverse()) {
      await server.admin("PATCH", "/tenants/demo", { config });
    }
    expect(complaints).toEqual([]);
  });

  /** The latest that the server logged, without those who look for mail. */
  const said = () =>
    server
      .log()
      .split("\n")
      .filter((line) => !line.includes("/dev/mail"))
      .slice(-15)
      .join("\n");

  const given: Given = {
    server: () => server,
    begin: async (options) => {
      const walk = await Walk.begin(server, browser, options);
      walks.push(walk);
      return walk;
    },
    settings: async (config) => {
      const { config: before } = (await server.admin("GET", "/tenants/demo")) as { config: Settings };
      const was = Object.entries(config).map(([section, values]) => [
        section,
        Object.fromEntries(Object.keys(values).map((key) => [key, before[section]?.[key] ?? null])),
      ]);
      undo.push(Object.fromEntries(was));
      await server.admin("PATCH", "/tenants/demo", { config });
    },
  };

  for (const tests of all) {
    describe(tests.name, () => tests(given));
  }
}
