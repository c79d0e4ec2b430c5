// Tenants as operators meet them: the platform at a glance, finding one, making one, what it does, and what cannot be taken back.
import { readFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { axe, launch, open, overflows, settled, type Watched } from "./browser";
import { type Operator, operator } from "./operator";
import { type Answer, Server } from "./server";

let server: Server;
let browser: Browser;
let owner: Operator;
let at: Watched;

beforeAll(async () => {
  server = await Server.start();
  browser = await launch();
  await server.admin("POST", "/tenants", { slug: "acme", name: "Acme Rockets", hosts: ["auth.acme.example"] });
  await server.admin("POST", "/tenants", { slug: "bolt", name: "Bolt", hosts: ["bolt.example", "www.bolt.example"] });
  owner = await operator(server);
  at = await open(browser, { cookies: owner.cookies });
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const go = async (path: string, page: Page = at.page) => {
  await page.goto(server.operatorsURL + path);
  await settled(page);
};
const shows = (what: string | RegExp, page: Page = at.page) => page.getByText(what).first().waitFor();
const tenant = async (slug: string) => (await server.admin("GET", `/tenants/${slug}`)) as Answer;
const address = () => new URL(at.page.url());
const button = (name: string | RegExp, within: { getByRole: Page["getByRole"] } = at.page) =>
  within.getByRole("button", { name, exact: typeof name === "string" });
const dialog = () => at.page.getByRole("dialog");

/** Nothing that axe finds, nothing sideways, and no word in the console but what was refused on purpose. */
async function clean(...refused: number[]) {
  expect(await axe(at.page)).toEqual([]);
  expect(await overflows(at.page)).toBe(false);
  const told = at.complaints.splice(0);
  expect(told.filter((c) => !refused.some((status) => c.includes(`status of ${status}`)))).toEqual([]);
}

test("tenants are found by what they begin with, and the address says what is looked for", async () => {
  const { page } = at;
  await go("/tenants");
  await page.getByRole("searchbox", { name: "Search" }).fill("acm");
  await expect.poll(() => address().searchParams.get("q")).toBe("acm");
  const rows = page.getByRole("table", { name: "Tenants" }).getByRole("row");
  await expect.poll(() => rows.count()).toBe(2); // with the heading
  await shows("Acme Rockets");
  await button("Favourite: Acme Rockets").click();
  expect(await button("Favourite: Acme Rockets").getAttribute("aria-pressed")).toBe("true");
  await page.getByText("Suspended", { exact: true }).click();
  await shows("No tenant is found");
  expect(address().searchParams.get("state")).toBe("suspended");
  await clean();
  await button("Show all tenants").click();
  await shows("bolt.example");
  expect(await page.getByRole("searchbox", { name: "Search" }).inputValue()).toBe("");
  await clean();
});

test("long lists come in pages", async () => {
  const { page } = at;
  await Promise.all(
    Array.from({ length: 55 }, (_, i) => {
      const slug = `many-${String(i).padStart(2, "0")}`;
      return server.admin("POST", "/tenants", { slug, name: `Many ${i}`, hosts: [`${slug}.example`] });
    }),
  );
  await go("/tenants?q=many-");
  const rows = page.getByRole("table", { name: "Tenants" }).getByRole("row");
  expect(await rows.count()).toBe(51);
  await button("Show more").click();
  await expect.poll(() => rows.count()).toBe(56);
  expect(await button("Show more").count()).toBe(0);
});

test("a tenant is made, with every fault beside its field", async () => {
  const { page } = at;
  await go("/tenants");
  await page.getByRole("link", { name: "New tenant" }).click();
  await page.getByRole("heading", { name: "New tenant" }).waitFor();
  await page.getByLabel("Name").fill("Café Größe");
  const slug = page.getByRole("textbox", { name: "Slug" });
  expect(await slug.inputValue()).toBe("cafe-grosse");
  await slug.fill("acme");
  await shows("Another tenant has this slug.");
  await slug.fill("cafe");
  await expect.poll(() => page.getByText("Another tenant has this slug.").count()).toBe(0);

  await button("Create tenant").click();
  await shows("Give it a host, or a public URL below.");
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.closest("[data-field]")?.getAttribute("data-field")))
    .toBe("hosts");
  await clean();

  // What somebody else has, the server alone can tell.
  await page.keyboard.type("https://Bolt.example/");
  await page.keyboard.press("Enter");
  await button("Create tenant").click();
  await shows("bolt.example belongs to another tenant");
  await clean(409);
  await page.getByRole("combobox", { name: "Hosts" }).focus();
  await page.keyboard.press("Backspace");
  await page.keyboard.type("auth.cafe.example,");
  await shows("https://auth.cafe.example");

  // By the keyboard alone.
  await page.getByRole("radio", { name: /^Plain/ }).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  expect(await page.getByRole("radio", { name: /^Mobile app/ }).isChecked()).toBe(true);
  await shows('"token_strategy": "jwt"');
  await page.getByLabel("Why").fill("the new app");
  await page.keyboard.press("Enter");

  await page.getByRole("heading", { level: 1, name: "Café Größe" }).waitFor();
  expect(address().pathname).toBe("/tenants/cafe");
  const made = await tenant("cafe");
  expect(made.hosts).toEqual(["auth.cafe.example"]);
  expect(made.config.headless).toEqual({ clients: ["app"], token_strategy: "jwt" });
  const versions = (await server.admin("GET", "/tenants/cafe/versions")) as Answer;
  expect(versions.items[0].note).toBe("the new app");

  await shows("1 of 4 done.");
  await shows("curl -sS https://auth.cafe.example/_allauth/app/v1/config");
  await settled(page);
  await clean();
  await button("Hide").click();
  await expect.poll(() => page.getByText("1 of 4 done.").count()).toBe(0);
});

test("a tenant is made like another one, without its secrets", async () => {
  const { page } = at;
  await server.admin("PATCH", "/tenants/acme", {
    config: {
      public_url: "https://id.acme.example",
      email: { smtp_url: "smtp://u:secret@mail.acme.example:587", from: "a@acme.example" },
    },
  });
  await go("/new-tenant?template=acme");
  await shows("What is bound to the hosts of acme stays behind");
  await shows('"from": "a@acme.example"');
  expect(await page.getByText("id.acme.example").count()).toBe(0);
  expect(await page.getByText("smtp_url").count()).toBe(0);
  await page.getByLabel("Name").fill("Acme Preview");
  await page.getByRole("combobox", { name: "Hosts" }).fill("preview.acme.example");
  await button("Create tenant").click();
  await page.getByRole("heading", { level: 1, name: "Acme Preview" }).waitFor();
  const made = await tenant("acme-preview");
  expect(made.config.email).toEqual({ from: "a@acme.example" });
  expect(made.public_url).toBe("https://preview.acme.example");
  await settled(page);
  await clean();
});

test("what people do is counted, drawn, and there as a table", async () => {
  const { page } = at;
  await server.app("POST", "/auth/signup", { email: "ann@example.org", username: "ann", password: "Kestrel-Orbit-49" });
  await server.app("POST", "/auth/login", { email: "ann@example.org", password: "wrong-password" });
  await expect
    .poll(async () => ((await server.admin("GET", "/tenants/demo/stats")) as Answer).totals, { timeout: 20_000 })
    .toMatchObject({ signups: 1, login_failures: 1 });
  await go("/tenants/demo");
  await page.getByRole("img", { name: /^Sign-ups: .* accounts: 1 in all/ }).waitFor();
  await shows("50% of all attempts");
  await clean();
  // Pointing at an interval tells what happened in it.
  await page.getByRole("img", { name: /^Sign-ins: / }).hover({ position: { x: 60, y: 60 } });
  await shows(/^[A-Z][a-z]{2},? \d{1,2} [A-Z][a-z]{2,3}$/);
  await button("Show Sign-ins as a table").click();
  const table = page.getByRole("table", { name: "Sign-ins", exact: true });
  await table.getByRole("columnheader", { name: "Failed" }).waitFor();
  expect(await table.getByRole("row").count()).toBe(31);
  await page.getByText("48 hours", { exact: true }).click();
  await expect.poll(() => address().searchParams.get("interval")).toBe("hour");
  await expect.poll(() => table.getByRole("row").count()).toBe(49);
  await settled(page);
  await clean();
});

test("the platform at a glance, and what needs attention", async () => {
  const { page } = at;
  await go("/");
  await page.getByRole("heading", { name: "Needs attention" }).waitFor();
  const tiles = page.getByRole("list", { name: "How it is now" }).getByRole("listitem");
  expect(await tiles.filter({ hasText: "Health" }).textContent()).toContain("Good");
  expect(await tiles.filter({ hasText: "Active tenants" }).textContent()).toContain("60");
  await clean();
  await page.getByRole("link", { name: "Active tenants" }).click();
  await page.getByRole("heading", { level: 1, name: "Tenants" }).waitFor();
});

test("a tenant is suspended and resumed, with why", async () => {
  await go("/tenants/demo/danger");
  await button("Suspend tenant").click();
  await dialog().getByLabel("Why").fill("unpaid");
  await clean();
  await button("Suspend", dialog()).click();
  await shows("This tenant is suspended");
  expect((await tenant("demo")).state).toBe("suspended");
  expect(((await server.admin("GET", "/tenants/demo/versions")) as Answer).items[0].note).toBe("unpaid");
  await expect.poll(async () => (await server.app("GET", "/config")).status, { timeout: 10_000 }).toBe(403);
  await button("Resume tenant").click();
  await button("Resume", dialog()).click();
  await button("Suspend tenant").waitFor();
  expect((await tenant("demo")).state).toBe("active");
  await clean();
});

test("everything that a tenant holds is downloaded", async () => {
  const { page } = at;
  await go("/tenants/demo/danger");
  await page.getByLabel("Users only").check();
  const coming = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download" }).click();
  const file = await coming;
  expect(file.suggestedFilename()).toBe("demo-users.ndjson");
  const lines = (await readFile(await file.path(), "utf8")).trim().split("\n");
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("ann@example.org");
  expect(lines[0]).not.toContain("argon2");
  await clean();
});

test("a key that may be lost is replaced, and what it signed is worth nothing", async () => {
  await server.admin("PATCH", "/tenants/demo", { config: { headless: { token_strategy: "jwt" } } });
  await expect
    .poll(
      async () => {
        const login = { email: "ann@example.org", password: "Kestrel-Orbit-49" };
        return (await server.app("POST", "/auth/login", login)).body?.meta?.access_token;
      },
      { timeout: 15_000, interval: 500 },
    )
    .toBeTruthy();
  const keys = async () =>
    ((await server.admin("GET", "/tenants/demo/keys")) as Answer).items as { kid: string; state: string }[];
  const [old] = await keys();
  await go("/tenants/demo/danger");
  await shows(old?.kid ?? "");
  await button("Replace the key now").click();
  expect(await button("Replace it", dialog()).isDisabled()).toBe(true);
  await dialog().getByLabel("Type demo to go on").fill("demo");
  await clean();
  await button("Replace it", dialog()).click();
  await shows("Another key signs, and the old one is worth nothing.");
  const now = await keys();
  expect(now.find((k) => k.kid === old?.kid)).toBeUndefined();
  expect(now.filter((k) => k.state === "active")).toHaveLength(1);
  await clean();
});

test("a tenant is deleted, and comes back under another name where its own is taken", async () => {
  const { page } = at;
  await go("/tenants/bolt/danger");
  await button("Delete tenant").click();
  await dialog().getByLabel("Type bolt to go on").fill("blot");
  expect(await button("Delete", dialog()).isDisabled()).toBe(true);
  await dialog().getByLabel("Type bolt to go on").fill("bolt");
  await clean();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Deleted tenants" }).waitFor();
  await shows("www.bolt.example");
  await expect(tenant("bolt")).rejects.toThrow("404");
  await settled(page);
  await clean();

  await server.admin("POST", "/tenants", { slug: "bolt", name: "Another Bolt", hosts: ["bolt.example"] });
  await button(/^Restore ?Bolt$/).click();
  await button("Restore", dialog()).click();
  await shows("bolt is the slug of another tenant. Choose another.");
  await clean(409);
  await dialog().getByLabel("Slug").fill("bolt-old");
  await button("Restore", dialog()).click();
  await shows("bolt.example belongs to another tenant. Take it away, or choose another.");
  await dialog().getByRole("combobox", { name: "Hosts" }).focus();
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Backspace");
  await page.keyboard.type("www.bolt.example,");
  await button("Restore", dialog()).click();
  await page.getByRole("heading", { level: 1, name: "Bolt" }).waitFor();
  expect((await tenant("bolt-old")).hosts).toEqual(["www.bolt.example"]);
  await settled(page);
  await clean(409);
});

test("a deleted tenant is purged for good", async () => {
  const { page } = at;
  await server.admin("DELETE", "/tenants/bolt-old");
  await go("/deleted-tenants");
  await button(/^Purge ?Bolt$/).click();
  await dialog().getByLabel("Type bolt-old to go on").fill("bolt-old");
  await button("Purge now", dialog()).click();
  await shows("No tenant was deleted");
  expect(((await server.admin("GET", "/deleted-tenants")) as Answer).items).toEqual([]);
  await settled(page);
  await clean();
});

test("roles see what they may, and nothing else", async () => {
  const one = await operator(server, "vera@example.org", [{ role: "viewer", tenant: "acme" }]);
  const two = await operator(server, "walt@example.org", [
    { role: "developer", tenant: "acme" },
    { role: "viewer", tenant: "cafe" },
  ]);
  const all = await operator(server, "xena@example.org", [{ role: "viewer" }]);
  at = await open(browser, { cookies: one.cookies });
  await go("/");
  await at.page.getByRole("heading", { level: 1, name: "Acme Rockets" }).waitFor();
  await settled(at.page);
  expect(await at.page.getByRole("link", { name: /^Suspend/ }).count()).toBe(0);
  await go("/tenants/acme/danger");
  await shows("There is nothing here for your role");
  await clean();
  await go("/new-tenant");
  await shows("Your role makes no tenants");

  at = await open(browser, { cookies: two.cookies });
  await go("/");
  await shows("The tenants with which you have a role.");
  const rows = at.page.getByRole("table", { name: "Tenants" }).getByRole("row");
  await expect.poll(() => rows.count()).toBe(3);
  expect(await at.page.getByRole("link", { name: "New tenant" }).count()).toBe(0);
  await go("/tenants/acme/danger");
  await button("Replace the key now").waitFor();
  expect(await button("Delete tenant").count()).toBe(0);
  await clean();

  at = await open(browser, { cookies: all.cookies });
  await go("/");
  await at.page.getByRole("heading", { name: "Needs attention" }).waitFor();
  await clean();
});
