// What stands there when the server is away, when it was renewed meanwhile, and where a role ends.
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { axe, launch, open, settled, type Watched } from "./browser";
import { operator } from "./operator";
import { type Answer, Server } from "./server";

let server: Server;
let browser: Browser;
let watched: Watched;
let page: Page;

beforeAll(async () => {
  server = await Server.start();
  browser = await launch();
  const owner = await operator(server);
  await server.admin("POST", "/tenants", { slug: "acme", name: "Acme Rockets", hosts: ["acme.example.org"] });
  // One counter numbers the versions of all tenants: those of one have gaps.
  for (const n of [1, 2, 3]) {
    await server.admin("PATCH", "/tenants/acme", { name: `Acme ${n}` });
    await server.admin("PATCH", "/tenants/demo", { name: `Demo ${n}` });
  }
  watched = await open(browser, { cookies: owner.cookies });
  page = watched.page;
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

afterEach(() => page.unrouteAll());

const go = async (path: string) => {
  await page.goto(`${server.operatorsURL}${path}`);
  await settled(page);
};
const menu = (name: string) => page.getByRole("navigation", { name: "Menu" }).getByRole("link", { name, exact: true });
const again = () => page.getByRole("button", { name: "Try again" });

test("a version is compared with the one before it, whatever its number", async () => {
  const all = ((await server.admin("GET", "/tenants/demo/versions")) as Answer).items as { version: number }[];
  await go("/tenants/demo/versions");
  await page.getByRole("button", { name: `What changed with version ${all[0]?.version}` }).click();
  await expect.poll(() => page.getByLabel("From").inputValue()).toBe(String(all[1]?.version));
  await page.getByRole("table", { name: "What changes" }).getByText("Demo 2").waitFor();
  expect(await page.getByRole("button", { name: `What changed with version ${all.at(-1)?.version}` }).count()).toBe(0);
});

test("a screen whose code cannot be fetched says so, and comes when the server is back", async () => {
  await go("/tenants");
  await page.route("**/*", (route) => route.abort());
  await menu("Operators").click();
  await page.getByText("The server did not answer.").waitFor();
  await menu("Operators").waitFor();
  expect(await axe(page)).toEqual([]);
  await page.unroute("**/*");
  await again().click();
  await page.getByRole("heading", { level: 1, name: "Operators" }).waitFor();

  // The server answers, and has other files than before.
  await page.route("**/assets/*", (route) => route.fulfill({ status: 404 }));
  await menu("API tokens").click();
  await page.getByText("The server may have been updated").waitFor();
  expect(await axe(page)).toEqual([]);
  await page.unroute("**/assets/*");
  await page.getByRole("button", { name: "Reload" }).click();
  await page.getByRole("heading", { level: 1, name: "API tokens" }).waitFor();
});

test("an outage is said once, and one try reads everything that failed", async () => {
  await go("/tenants/demo/sign-in-methods");
  await page.route("**/admin/v1/**", (route) => route.abort());
  await page.evaluate(() => window.dispatchEvent(new Event("visibilitychange")));
  await menu("Versions").click();
  await page.getByText("The server did not answer.").first().waitFor();
  await settled(page);
  await expect.poll(() => page.getByText("The server did not answer.").count()).toBe(1);
  await page.unroute("**/admin/v1/**");
  await again().click();
  await page.getByRole("table", { name: "Versions" }).waitFor();
  await expect.poll(() => page.getByText("The server did not answer.").count()).toBe(0);
});

test("an unknown tenant, and what a role may not see, are said with the way out", async () => {
  await go("/tenants/nobody");
  await page.getByRole("heading", { level: 1, name: "There is no such tenant" }).waitFor();
  expect(await again().count()).toBe(0);
  await page.getByRole("link", { name: "To the tenants" }).waitFor();

  const one = await operator(server, "one@example.org", [{ role: "viewer", tenant: "acme" }]);
  const theirs = await open(browser, { cookies: one.cookies });
  for (const path of ["operators", "tokens", "audit", "deleted-tenants", "tenants/acme/imports"]) {
    await theirs.page.goto(`${server.operatorsURL}/${path}`);
    await theirs.page.getByText("There is nothing here for your role").waitFor();
    expect(await theirs.page.getByRole("heading", { level: 1 }).count()).toBe(1);
  }
  await theirs.page.goto(`${server.operatorsURL}/account`);
  await theirs.page.getByRole("navigation", { name: "Menu" }).getByRole("link", { name: "Tenants" }).waitFor();
  expect(await axe(theirs.page)).toEqual([]);
  expect(theirs.complaints).toEqual([]);
});
