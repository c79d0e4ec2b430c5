// People, imports and the log, as an operator meets them: the real server, a real browser, and what the server has afterwards.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { another, axe, launch, open, overflows, settled } from "./browser";
import { type Operator, operator } from "./operator";
import { type Seeded, seed } from "./seed";
import { type Answer, Server } from "./server";
import { Authenticator } from "./totp";

let server: Server;
let browser: Browser;
let owner: Operator;
let seeded: Seeded;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vestibule-users-"));
  server = await Server.start();
  browser = await launch();
  seeded = await seed(server);
  owner = await operator(server);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A page of an operator, which must end without complaints but those of requests that were refused on purpose. */
async function visit(path: string, who: Operator, look: (page: Page) => Promise<void>): Promise<void> {
  const before = contexts.get(who);
  const { page, complaints, context } = await (before ? another(before) : open(browser, { cookies: who.cookies }));
  contexts.set(who, context);
  try {
    await page.goto(server.operatorsURL + path);
    await settled(page);
    await look(page);
    expect(complaints.filter((c) => !/status of (400|404|409|422|500)/.test(c))).toEqual([]);
  } finally {
    await page.close();
  }
}

/** What each operator's browser keeps between visits. */
const contexts = new Map<Operator, BrowserContext>();

const admin = async (path: string): Promise<Answer> => server.admin("GET", `/tenants/demo${path}`);
const userOf = async (q: string): Promise<Answer> => (await admin(`/users?q=${encodeURIComponent(q)}`)).items[0];
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

/** Picks something from a menu that a button opens. */
async function pick(page: Page, menu: string, item: string): Promise<void> {
  await button(page, menu).click();
  await page.getByRole("menuitem", { name: item, exact: true }).click();
}

/** Agrees to what a dialog asks, having typed what it wants typed. */
async function agree(page: Page, action: string, typed?: string): Promise<void> {
  const dialog = page.getByRole("dialog");
  if (typed !== undefined) {
    expect(await dialog.getByRole("button", { name: action }).isDisabled()).toBe(true);
    await dialog.getByRole("textbox").fill(typed);
  }
  await dialog.getByRole("button", { name: action, exact: true }).click();
  await dialog.waitFor({ state: "detached" });
}

test("people are found as one types, and an address shows the same to somebody else", async () => {
  await visit("/tenants/demo/users", owner, async (page) => {
    const rows = page.getByRole("table", { name: "Users" }).getByRole("row");
    await page.getByRole("link", { name: "Ben", exact: true }).waitFor();
    await page.getByRole("searchbox", { name: "Search users" }).pressSequentially("cle");
    await page.waitForURL(/q=cle/);
    await page.getByRole("link", { name: "Ben", exact: true }).waitFor({ state: "detached" });
    expect(await rows.count()).toBe(2);
    await page.reload();
    await page.getByRole("link", { name: "Cleo", exact: true }).waitFor();
    expect(await page.getByRole("searchbox").inputValue()).toBe("cle");
    // Nobody of that name is deactivated.
    await button(page, "Filters").click();
    await page.getByRole("combobox", { name: "State" }).click();
    await page.getByRole("option", { name: "Deactivated" }).click();
    await page.getByRole("heading", { name: "Nobody fits" }).waitFor();
    expect(await axe(page)).toEqual([]);
    await button(page, "Show everybody").click();
    await page.getByRole("link", { name: "Ben", exact: true }).waitFor();
    expect(new URL(page.url()).search).toBe("");
    // An address that somebody typed by hand.
    await page.goto(`${server.operatorsURL}/tenants/demo/users?active=true&verified=false`);
    await page.getByRole("link", { name: "Grace", exact: true }).waitFor();
    expect(await page.getByRole("link", { name: "Ben", exact: true }).count()).toBe(0);
    await button(page, "Filters (2)").waitFor();
  });
});

test("a user is made, with what is wrong said where it is wrong, and another is invited", async () => {
  await visit("/tenants/demo/users", owner, async (page) => {
    await button(page, "Add a user").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Create without a mail").click();
    await dialog.getByRole("textbox", { name: "Email address" }).fill("zoe@");
    await dialog.getByLabel("Password", { exact: true }).fill("short");
    await dialog.getByRole("button", { name: "Create", exact: true }).click();
    const email = dialog.getByRole("textbox", { name: "Email address" });
    await dialog.locator("[aria-invalid=true]").first().waitFor();
    expect(await email.getAttribute("aria-invalid")).toBe("true");
    expect(await axe(page)).toEqual([]);
    await email.fill("zoe@example.org");
    await dialog.getByLabel("Password", { exact: true }).fill("Kestrel-Orbit-49");
    await dialog.getByText("Username, phone number and metadata").click();
    await dialog.getByLabel("Public metadata").fill('{"plan": "gold"}');
    await dialog.getByRole("button", { name: "Create", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "zoe@example.org" }).waitFor();
    const made = await admin(`/users/${(await userOf("zoe@example.org")).id}`);
    expect(made).toMatchObject({ has_password: true, metadata_public: { plan: "gold" }, email_verified: false });

    await page.goto(`${server.operatorsURL}/tenants/demo/users`);
    await button(page, "Add a user").click();
    await dialog.getByRole("textbox", { name: "Email address" }).fill("ivan@example.org");
    await dialog.getByRole("button", { name: "Invite", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "ivan@example.org" }).waitFor();
    await page.getByText("ivan@example.org is invited.").waitFor();
    const mail = (await server.admin("GET", "/dev/mail?to=ivan@example.org")) as Answer;
    expect(mail.items[0].links[0]).toMatch(/^http/);
  });
});

test("what a user is called and reached by is changed", async () => {
  await visit(`/tenants/demo/users/${seeded.user}`, owner, async (page) => {
    const user = () => admin(`/users/${seeded.user}`);
    await page.setViewportSize({ width: 1280, height: 1500 }); // room for the messages beside what is clicked
    await button(page, "Change names").click();
    await page.getByRole("dialog").getByRole("textbox", { name: "Name", exact: true }).fill("Ann Archer");
    await agree(page, "Save");
    await page.getByRole("heading", { level: 1, name: "Ann Archer" }).waitFor();

    await button(page, "Add an address").click();
    await page.getByRole("dialog").getByRole("textbox").fill("ben@example.org");
    await page.getByRole("dialog").getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("dialog").locator("[aria-invalid=true]").waitFor(); // it is Ben's
    await page.getByRole("dialog").getByRole("textbox").fill("ann.archer@example.org");
    await page.getByRole("dialog").getByRole("checkbox").check();
    await agree(page, "Add");
    await pick(page, "Change ann.archer@example.org", "Make primary");
    await page.getByText("ann.archer@example.org is the primary address.").waitFor();
    await pick(page, "Change ann@example.org", "Mark as verified");
    await page.getByText("ann@example.org is verified.").waitFor();
    expect((await user()).emails).toMatchObject([
      { email: "ann@example.org", verified: true, primary: false },
      { email: "ann.archer@example.org", verified: true, primary: true },
    ]);
    await pick(page, "Change ann@example.org", "Remove");
    await agree(page, "Remove");
    await button(page, "Change ann@example.org").waitFor({ state: "detached" });

    await button(page, "Add a number").click();
    await page.getByRole("dialog").getByRole("textbox").fill("+31612345678");
    await agree(page, "Save");
    await button(page, "Mark as verified").click();
    await button(page, "Take the proof back").waitFor();
    expect(await user()).toMatchObject({
      name: "Ann Archer",
      email: "ann.archer@example.org",
      phone: "+31612345678",
      phone_verified: true,
      emails: [{ email: "ann.archer@example.org" }],
    });
    expect(await axe(page)).toEqual([]);

    // Metadata are sent as what changed: what somebody else changed meanwhile stays.
    await page.getByRole("tab", { name: "Metadata" }).click();
    await page.waitForURL(/tab=metadata/);
    const text = page.getByRole("textbox", { name: "Private metadata" });
    await text.fill("{crm: 1}");
    await page.getByText("This must be a JSON object").waitFor();
    await text.fill('{"crm": 4711, "note": "called on Monday"}');
    await server.admin("PATCH", `/tenants/demo/users/${seeded.user}`, { metadata_private: { crm: 4712 } });
    await button(page, "Save").nth(1).click();
    await page.getByText("Private metadata saved.").waitFor();
    expect((await user()).metadata_private).toEqual({ crm: 4712, note: "called on Monday" });
  });
});

test("sessions are ended, a password is set, and the history tells of it", async () => {
  const login = await server.app("POST", "/auth/login", { username: "ann", password: "Kestrel-Orbit-49" });
  const token = login.body.meta.session_token as string;
  const session = () => server.app("GET", "/auth/session", undefined, { "X-Session-Token": token });
  const alive = (await session()).status;
  await visit(`/tenants/demo/users/${seeded.user}?tab=sessions`, owner, async (page) => {
    await page.getByRole("table", { name: "Sessions" }).waitFor();
    await button(page, "End all sessions").click();
    await agree(page, "End all sessions");
    await page.getByText("None. The user is signed in nowhere.").waitFor();
    expect((await admin(`/users/${seeded.user}`)).sessions).toEqual([]);
    expect([alive, (await session()).status]).toEqual([200, 410]);

    await page.getByRole("tab", { name: "Signing in" }).click();
    await button(page, "Set a password").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("New password").fill("123");
    await dialog.getByRole("button", { name: "Set the password" }).click();
    await dialog.getByText("This password is too short", { exact: false }).waitFor();
    await dialog.getByLabel("New password").fill("Harbour-Violet-63");
    await agree(page, "Set the password");
    const again = await server.app("POST", "/auth/login", { username: "ann", password: "Harbour-Violet-63" });
    expect(again.status).toBe(200);

    await page.getByRole("tab", { name: "History" }).click();
    const events = page.getByRole("table", { name: "History" });
    await events.getByText("Password set by an operator").waitFor();
    await events.getByText("Sessions ended by an operator").waitFor();
    await page.getByRole("button", { name: "Show the details of: Phone number verified" }).click();
    await page.getByText("+31612345678").last().waitFor();
    expect(await axe(page)).toEqual([]);
  });
});

test("who has lost a second factor is helped by taking it away, one or all of them", async () => {
  const made = (await server.admin("POST", "/tenants/demo/users", {
    email: "lena@example.org",
    email_verified: true,
    password: "Kestrel-Orbit-49",
  })) as Answer;
  const login = () => server.app("POST", "/auth/login", { email: "lena@example.org", password: "Kestrel-Orbit-49" });
  const token = (await login()).body.meta.session_token as string;
  /** An authenticator app of hers, with which recovery codes come. */
  const setUp = async () => {
    const asked = await server.app("GET", "/account/authenticators/totp", undefined, { "X-Session-Token": token });
    const code = await new Authenticator(asked.body.meta.secret).code();
    const added = await server.app("POST", "/account/authenticators/totp", { code }, { "X-Session-Token": token });
    expect([added.status, added.body]).toEqual([200, expect.anything()]);
  };
  const factors = async (): Promise<string[]> =>
    (await admin(`/users/${made.id}`)).authenticators.map((a: Answer) => a.type).sort();
  await setUp();
  expect(await factors()).toEqual(["recovery_codes", "totp"]);
  expect((await login()).status).toBe(401); // the password alone is not enough
  await visit(`/tenants/demo/users/${made.id}?tab=ways`, owner, async (page) => {
    const rows = page.getByRole("table", { name: "Second factors" });
    await rows.getByText("Authenticator app").waitFor();
    await rows.getByRole("row").filter({ hasText: "Recovery codes" }).getByText("10", { exact: true }).waitFor();
    expect(await axe(page)).toEqual([]);
    await button(page, "Remove Recovery codes").click();
    await agree(page, "Remove");
    await page.getByText("Recovery codes removed.").waitFor();
    await rows.getByText("Recovery codes").waitFor({ state: "detached" });
    expect(await factors()).toEqual(["totp"]);
    await button(page, "Remove Authenticator app").click();
    await agree(page, "Remove");
    await page.getByText("None. The user signs in without a second factor.").waitFor();
    expect(await factors()).toEqual([]);
    expect((await login()).status).toBe(200);

    await setUp();
    await page.reload();
    await button(page, "Remove all").click();
    await page.getByText("2 authenticators will be gone", { exact: false }).waitFor();
    expect(await axe(page)).toEqual([]);
    await agree(page, "Remove all");
    await page.getByText("None. The user signs in without a second factor.").waitFor();
    expect(await factors()).toEqual([]);
    expect((await login()).status).toBe(200);
    await page.getByRole("tab", { name: "History" }).click();
    await page.getByRole("table", { name: "History" }).getByText("removed", { exact: false }).first().waitFor();
  });
});

test("accounts with providers are shown as people know them, and disconnected", async () => {
  const hugo = await userOf("hugo@example.org");
  await visit(`/tenants/demo/users/${hugo.id}?tab=ways`, owner, async (page) => {
    const rows = page.getByRole("table", { name: "Provider accounts" }).getByRole("row");
    await rows.filter({ hasText: "google" }).getByText("hugo@elsewhere.example", { exact: true }).waitFor();
    await rows.filter({ hasText: "583231" }).getByText("not told yet", { exact: true }).waitFor();
    await button(page, "Disconnect the account with github").click();
    await agree(page, "Disconnect");
    await rows.filter({ hasText: "583231" }).waitFor({ state: "detached" });
  });
  expect((await admin(`/users/${hugo.id}`)).provider_accounts.map((a: Answer) => [a.provider, a.display])).toEqual([
    ["google", "hugo@elsewhere.example"],
  ]);
});

test("menus, lists of choices and hints are a part of the page for everybody", async () => {
  await visit("/tenants/demo/users", owner, async (page) => {
    await page.getByRole("link", { name: "Ben", exact: true }).waitFor();
    for (const menu of ["More", "Your account"]) {
      await button(page, menu).click();
      await page.getByRole("main").getByRole("menuitem").first().waitFor();
      expect(await axe(page), menu).toEqual([]);
      await page.locator("[role=menu]:focus-within").waitFor();
      await page.keyboard.press("ArrowDown");
      await page.locator("[role=menuitem]:focus").waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("menuitem").first().waitFor({ state: "detached" });
    }
    await button(page, "Filters").click();
    await page.getByRole("combobox", { name: "State" }).click();
    await page.getByRole("main").getByRole("option", { name: "Deactivated" }).waitFor();
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("option", { name: "Deactivated" }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: /^Use (dark|light) colours$/ }).focus();
    await page.getByRole("tooltip").waitFor();
    expect(await axe(page)).toEqual([]);
  });
  // At the foot of a short page nothing is cut off.
  await visit(`/tenants/demo/users/${seeded.user}`, owner, async (page) => {
    await page.setViewportSize({ width: 390, height: 560 });
    await button(page, "Actions").click();
    const last = page.getByRole("menuitem").last();
    await last.scrollIntoViewIfNeeded();
    expect(await overflows(page)).toBe(false);
    await last.click({ trial: true });
  });
});

test("somebody is kept out and let in again, deleted, restored, and erased for good", async () => {
  const finn = await userOf("finn@example.org");
  await visit(`/tenants/demo/users/${finn.id}`, owner, async (page) => {
    await pick(page, "Actions", "Deactivate");
    await agree(page, "Deactivate");
    await page.getByText("This user is deactivated").waitFor();
    expect((await userOf("finn@example.org")).active).toBe(false);
    await pick(page, "Actions", "Reactivate");
    await page.getByText("This user is deactivated").waitFor({ state: "detached" });
    await button(page, "Actions").click();
    const kept = await page.getByRole("menuitem", { name: "Export all that is held" }).getAttribute("href");
    const taken = await (await page.request.get(server.operatorsURL + kept)).json();
    expect(taken.user.email).toBe("finn@example.org");
    await page.keyboard.press("Escape");

    await pick(page, "Actions", "Delete");
    await agree(page, "Delete", "finn@example.org");
    await page.waitForURL(/\/users$/);
    await page.getByRole("link", { name: "Ben", exact: true }).waitFor();
    expect(await userOf("finn@example.org")).toBeUndefined();
    await pick(page, "More", "Deleted users");
    await button(page, "Restore Finn").click();
    await agree(page, "Restore");
    await page.getByRole("heading", { name: "Nobody was deleted" }).waitFor();

    await page.goto(`${server.operatorsURL}/tenants/demo/users/${finn.id}`);
    await pick(page, "Actions", "Erase for good");
    await agree(page, "Erase for good", "finn@example.org");
    await page.waitForURL(/\/users$/);
    expect((await admin("/deleted-users")).items).toEqual([]);
    await page.goto(`${server.operatorsURL}/tenants/demo/users/${finn.id}`);
    await page.getByRole("heading", { name: "There is no such user" }).waitFor();
  });
});

test("a file is checked, put right by what is said of its lines, and imported", async () => {
  const file = join(folder, "people.csv");
  await writeFile(
    file,
    'email,name\r\nkim@example.org,"Kim\r\nof two lines"\r\nnot an address,Leo\r\nmia@example.org,Mia\r\n',
  );
  await visit("/tenants/demo/imports", owner, async (page) => {
    await button(page, "Import users").click();
    const dialog = page.getByRole("dialog");
    await dialog.locator("input[type=file]").setInputFiles(file);
    await dialog.getByRole("radio", { name: /^CSV/ }).waitFor();
    expect(await dialog.getByRole("radio", { name: /^CSV/ }).isChecked()).toBe(true);
    expect(await axe(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Check the file" }).click();
    await page.getByText("The file was checked").waitFor();
    await page.getByText("Of 3 rows, 2 would be imported.", { exact: false }).waitFor();
    const errors = page.getByRole("table", { name: "Rows that were not imported" });
    await errors.getByRole("cell", { name: "4", exact: true }).waitFor();
    expect(await userOf("mia@example.org")).toBeUndefined();
    const href = await page.getByRole("link", { name: "Download all" }).getAttribute("href");
    const lines = (await (await page.request.get(server.operatorsURL + href)).text()).trim().split("\n");
    expect(lines.map((l) => JSON.parse(l).line)).toEqual([4]);
    expect(await axe(page)).toEqual([]);
    await button(page, "Import 2 users now").click();
    await page.getByText("The import is finished").waitFor();
    expect((await userOf("mia@example.org")).name).toBe("Mia");
  });
});

test("the samples that are offered are good for an import", async () => {
  await visit("/tenants/acme/imports", owner, async (page) => {
    for (const [tab, name] of [
      ["NDJSON", "users.ndjson"],
      ["CSV", "users.csv"],
    ] as const) {
      await page.goto(`${server.operatorsURL}/tenants/acme/imports`);
      await page.getByRole("tab", { name: tab }).click();
      const coming = page.waitForEvent("download");
      await button(page, "Download this sample").click();
      const sample = join(folder, name);
      await (await coming).saveAs(sample);
      await button(page, "Import users").first().click();
      await page.getByRole("dialog").locator("input[type=file]").setInputFiles(sample);
      await page.getByRole("dialog").getByRole("button", { name: "Check the file" }).click();
      await page.getByText("Of 2 rows, 2 would be imported.", { exact: false }).waitFor();
    }
  });
});

test("an upload that breaks off goes on where it stopped, and with no other file", async () => {
  const line = (i: number) =>
    `${JSON.stringify({ email: `u${i}@bulk.example`, metadata_private: { note: "x".repeat(8000) } })}\n`;
  const whole = Array.from({ length: 300 }, (_, i) => line(i)).join(""); // three chunks
  const [file, other] = [join(folder, "bulk.ndjson"), join(folder, "other.ndjson")];
  await writeFile(file, whole);
  await writeFile(other, whole.replaceAll("bulk.example", "other.example"));
  await visit("/tenants/acme/imports", owner, async (page) => {
    let sent: string[] = [];
    let broken = true;
    await page.route(/\/chunks\/\d+$/, async (route) => {
      const number = route.request().url().split("/").pop() ?? "";
      sent.push(number);
      if (broken && number === "3") {
        const problem = { type: "urn:vestibule:problem:failed", title: "The disk is full.", status: 500 };
        await route.fulfill({ status: 500, contentType: "application/problem+json", body: JSON.stringify(problem) });
      } else {
        await route.continue();
      }
    });
    await button(page, "Import users").first().click();
    const dialog = page.getByRole("dialog");
    await dialog.locator("input[type=file]").setInputFiles(file);
    await dialog.getByRole("switch").uncheck();
    await dialog.getByRole("button", { name: "Import", exact: true }).click();
    await page.getByText("The disk is full.").waitFor();
    expect(sent).toEqual(["1", "2", "3"]);
    // A page that was closed does not have the file any more.
    await page.reload();
    await page.getByRole("heading", { name: "The file is not whole yet" }).waitFor();
    await page.locator("input[type=file]").setInputFiles(other);
    await button(page, "Go on uploading").click();
    await page.getByText("This is not the file that the upload began with.", { exact: false }).waitFor();
    broken = false;
    sent = [];
    await page.locator("input[type=file]").setInputFiles(file);
    await button(page, "Go on uploading").click();
    await page.getByText("300 users came in.", { exact: false }).waitFor();
    expect(sent).toEqual(["2", "3"]);
    const found = (await server.admin("GET", "/tenants/acme/users?q=u299@bulk.example")) as Answer;
    expect(found.items).toHaveLength(1);
    // A long list comes in pages.
    await page.goto(`${server.operatorsURL}/tenants/acme/users?q=u1`);
    const rows = page.getByRole("table", { name: "Users" }).getByRole("row");
    await page.getByRole("link", { name: "u100@bulk.example", exact: true }).waitFor();
    expect(await rows.count()).toBe(51);
    await button(page, "Show more").click();
    await rows.nth(51).waitFor();
  });
});

test("the log is narrowed, opened, exported and verified", async () => {
  await visit("/tenants/demo/audit", owner, async (page) => {
    const events = page.getByRole("table", { name: "Events" });
    await page.getByRole("combobox", { name: "What" }).fill("user.changed");
    await page.waitForURL(/action=user\.changed/);
    await events.getByText("Signed up").waitFor({ state: "detached" });
    const open = page.getByRole("button", { name: "Show the details of: User changed" });
    await open.last().focus();
    await page.keyboard.press("Enter");
    const changes = page.getByRole("table", { name: "What changes" });
    await changes.getByRole("cell", { name: "Ann Lee" }).waitFor();
    expect(await axe(page)).toEqual([]);
    await button(page, "In the same request").click();
    await page.waitForURL(/request=/);
    expect(await page.getByRole("textbox", { name: "In the request" }).inputValue()).not.toBe("");
    const href = await page.getByRole("link", { name: "Export" }).getAttribute("href");
    const lines = (await (await page.request.get(server.operatorsURL + href)).text()).trim().split("\n");
    expect(lines.map((l) => JSON.parse(l).action)).toEqual(["user.changed"]);
    await button(page, "Clear").click();
    await page.waitForURL(/\/audit$/);

    // New events come by themselves.
    await page.getByRole("switch").check();
    await server.admin("POST", `/tenants/demo/users/${seeded.user}/deactivate`);
    await events.getByText("User deactivated").first().waitFor();
    await events.getByRole("link", { name: "Ann Archer" }).first().waitFor();

    await button(page, "Verify the chain").click();
    await page.getByText("No: the chain holds").waitFor();
    expect(await page.getByRole("dialog").textContent()).toMatch(/demo \d+ [0-9a-f]+/);
    expect(await axe(page)).toEqual([]);
  });
  await visit("/audit?action=operator", owner, async (page) => {
    await page.getByRole("table", { name: "Events" }).getByText("Operator added").waitFor();
    await page.getByRole("link", { name: "Operators" }).last().waitFor();
  });
});

test("who may only look is shown no buttons, and nobody is shown more than fits", async () => {
  const viewer = await operator(server, "vera@example.org", [{ role: "viewer", tenant: "demo" }]);
  await visit("/tenants/demo/users", viewer, async (page) => {
    await page.getByRole("link", { name: "Ben", exact: true }).waitFor();
    expect(await button(page, "Add a user").count()).toBe(0);
    await button(page, "More").click();
    expect(await page.getByRole("menuitem").allInnerTexts()).toEqual(["Deleted users"]);
    for (const tab of ["", "?tab=ways", "?tab=sessions", "?tab=metadata"]) {
      await page.goto(`${server.operatorsURL}/tenants/demo/users/${seeded.user}${tab}`);
      await page.getByRole("heading", { level: 1, name: "Ann Archer" }).waitFor();
      expect(await page.getByRole("main").getByRole("button").allInnerTexts()).toEqual(
        tab === "" ? ["Command line", ""] : ["Command line"], // the id can be copied
      );
    }
  });
  const { page, context } = await open(browser, { cookies: owner.cookies, width: 390 });
  for (const path of ["users", `users/${seeded.user}`, `users/${seeded.user}?tab=history`, "imports", "audit"]) {
    await page.goto(`${server.operatorsURL}/tenants/demo/${path}`);
    await settled(page);
    expect(await overflows(page), path).toBe(false);
  }
  await context.close();
});
