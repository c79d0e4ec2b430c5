// How messages go out and what they say, what webhooks are told, and a tenant as a document: done by an operator in a browser.
import { createServer, type Server as Receiver } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { between, type Held } from "./between";
import { axe, launch, open, settled, shifts, type Watched } from "./browser";
import { type Operator, operator } from "./operator";
import { type Answer, Server } from "./server";

let server: Server;
let browser: Browser;
let owner: Operator;
let receiver: Receiver;
let watched: Watched;
let page: Page;
let answer = { status: 204, body: "" };
const received: string[] = [];

beforeAll(async () => {
  server = await Server.start({ VESTIBULE_ALLOW_PRIVATE_NETWORKS: "true" });
  browser = await launch();
  owner = await operator(server);
  receiver = createServer((request, response) => {
    received.push(String(request.headers["webhook-id"]));
    request.resume().on("end", () => response.writeHead(answer.status).end(answer.body));
  });
  await new Promise<void>((done) => receiver.listen(0, "127.0.0.1", done));
  watched = await open(browser, { cookies: owner.cookies });
  page = watched.page;
});

afterAll(async () => {
  await browser?.close();
  receiver?.closeAllConnections();
  receiver?.close();
  await server?.stop();
});

const go = async (path: string) => {
  await page.goto(server.operatorsURL + path);
  await settled(page);
};
const button = (name: string | RegExp) => page.getByRole("button", { name, exact: typeof name === "string" });
const shows = (text: string | RegExp) => page.getByText(text).first().waitFor();
/** What is open besides the page is for everybody, too. */
const forEverybody = async () => expect(await axe(page)).toEqual([]);
const tenant = () => server.admin("GET", "/tenants/demo") as Promise<Answer>;
/** Requests that were refused on purpose are told to the console by the browser itself. */
const silent = (...expected: RegExp[]) => {
  const rest = watched.complaints.splice(0).filter((c) => !expected.some((e) => e.test(c)));
  expect(rest).toEqual([]);
};

test("kinds of messages that come late move nothing", async () => {
  const { page, context } = await open(browser, { cookies: owner.cookies, width: 390 });
  let arrived: (call: Held) => void = () => {};
  const late = new Promise<Held>((come) => {
    arrived = come;
  });
  await between(page, "*/admin/v1/mail-kinds", async (call) => arrived(call));
  await page.goto(`${server.operatorsURL}/tenants/demo/messages`);
  await page.getByText("No messages yet").waitFor();
  await (await late).goOn();
  await page.getByLabel("What").getByText("Verify an address at signup").waitFor({ state: "attached" });
  await settled(page);
  const { sum, moved } = await shifts(page);
  expect(sum, `what jumped: ${moved.join("; ")}`).toBe(0);
  await context.close();
});

test("a test mail arrives, and one that cannot is explained", async () => {
  await go("/tenants/demo/email");
  await page.getByLabel("To", { exact: true }).fill("postmaster@example.org");
  await button("Send test mail").click();
  await shows("The mail server took it");
  const mailbox = (await server.admin("GET", "/dev/mail?to=postmaster@example.org")) as Answer;
  expect(mailbox.items).toHaveLength(1);
  await server.admin("PATCH", "/tenants/demo", { config: { email: { smtp_url: "smtp://127.0.0.1:1" } } });
  await go("/tenants/demo/email");
  await page.getByLabel("To", { exact: true }).fill("not an address");
  await button("Send test mail").click();
  expect(await page.getByLabel("To", { exact: true }).evaluate((e: HTMLInputElement) => e.validity.valid)).toBe(false);
  await page.getByLabel("To", { exact: true }).fill("postmaster@example.org");
  await button("Send test mail").click();
  await shows("There was no connection to the mail server.");
  await shows("smtp://127.0.0.1:1");
  await forEverybody();
  await server.admin("PATCH", "/tenants/demo", { config: { email: null } });
  await go("/tenants/demo/email");
  await page.getByRole("radio", { name: /Twilio/ }).check();
  await page.getByLabel("Account SID").waitFor();
  await page.getByLabel("Colour", { exact: true }).click();
  await forEverybody();
  await page.getByLabel("Colour", { exact: true }).fill("#7a1f5c");
  await button("Save").click();
  await shows(/^Saved/);
  expect((await tenant()).config.branding).toEqual({ colour: "#7a1f5c" });
  silent();
});

const hostile = `<!doctype html><html><head><title>x</title>
<meta http-equiv="refresh" content="0;url=https://evil.invalid/refresh"><base href="https://evil.invalid/">
<link rel="stylesheet" href="https://evil.invalid/link.css">
<style>@import url(https://evil.invalid/import.css); .a { background: \\75rl("https://evil.invalid/a.png") }</style><style>.b { color: rgb(1, 2, 3) }
@font-face { font-family: x; src: url(https://evil.invalid/x.woff2) } .c { font-family: x; --u: \\75rl("/evil-own.png"); background-image: var(--u) }</style></head>
<body onload="alert(1)"><script>alert(2)</script><p class="a b c" style="background-image:url(/evil.png);text-align:right">Code {{.code}}</p>
<img src="https://evil.invalid/pixel.gif" alt="Logo" onerror="alert(3)"><svg onload="alert(4)"><image href="https://evil.invalid/svg.png"/></svg>
<iframe src="https://evil.invalid/frame"></iframe><form action="https://evil.invalid/form"><input name=x><button>Go</button></form>
<a href="javascript:alert(5)" target="_top">Click</a><video src="https://evil.invalid/v.mp4" autoplay></video>
<math><mtext><table><mglyph><style><img src=x onerror=alert(6)></style></table></mtext></math></body></html>`;

test("a hostile template runs nothing and loads nothing", async () => {
  await server.admin("PUT", "/tenants/demo/templates/login_code", { html: hostile });
  const asked: string[] = [];
  const dialogs: string[] = [];
  page.on("request", (r) => asked.push(r.url()));
  page.on("dialog", (d) => {
    dialogs.push(d.message());
    void d.dismiss();
  });
  await go("/tenants/demo/templates/login_code");
  const mail = page.frameLocator("iframe");
  await mail.getByText("Code BCDF-GHJK").waitFor();
  await mail.getByText("Click").click();
  await mail.getByText("[Picture: Logo]").waitFor();
  const seen = await mail.locator("body").evaluate((body) => {
    const p = body.querySelector("p.b") as HTMLElement;
    const style = getComputedStyle(p);
    return {
      active: body.ownerDocument.querySelectorAll(
        "script, iframe, [action], input, button, svg, img, video, link, meta[http-equiv], base, math, [href], [onload], [onerror]",
      ).length,
      colour: style.color,
      align: style.textAlign,
      background: style.backgroundImage,
    };
  });
  expect(seen).toEqual({ active: 0, colour: "rgb(1, 2, 3)", align: "right", background: "none" });
  // What is loaded by what is shown is asked for before it is painted.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  expect(dialogs).toEqual([]);
  expect(asked.filter((url) => /evil/.test(url) || !url.startsWith(server.operatorsURL))).toEqual([]);
  expect(page.url()).toBe(`${server.operatorsURL}/tenants/demo/templates/login_code`);
  silent();
});

test("a template is written, found fault with, saved and reset", async () => {
  const own = async () => {
    const all = (await server.admin("GET", "/tenants/demo/templates")) as Answer;
    return all.items.find((k: Answer) => k.kind === "password_reset_code").own;
  };
  await go("/tenants/demo/templates/password_reset_code");
  await button("Write your own Subject").click();
  await page.getByLabel("Subject", { exact: true }).fill("{{.nothing");
  await shows("This cannot be sent yet");
  await shows(/Subject is not a Go template/);
  await forEverybody();
  await page.getByLabel("Subject", { exact: true }).fill("Take ");
  await button(/^Insert a variable into Subject/).click();
  await page.getByRole("menuitem", { name: /\.code/ }).click();
  await shows(/\[Demo\] Take BCDF-GHJK/);
  await button("Save").click();
  await shows("Saved. The next message says it.");
  expect(await own()).toMatchObject({ subject: "Take {{.code}}", text: "" });
  await button("Reset to built-in").click();
  await button("Reset").click();
  await shows("The built-in words are sent from now on.");
  expect(await own()).toBeNull();
  silent(/422/);
});

test("the delivery log is filtered in its address", async () => {
  await server.app("POST", "/auth/signup", { email: "ann@example.org", username: "ann", password: "Kestrel-Orbit-49" });
  await go("/tenants/demo/messages");
  await button("ann@example.org").click();
  await page.getByRole("dialog").getByText("email_confirmation_signup").waitFor();
  await forEverybody();
  // A link to it shows it to somebody else, beside the filters, and going back closes it.
  await page.reload();
  await page.getByRole("dialog").getByText("email_confirmation_signup").waitFor();
  await page.goBack();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.goForward();
  await page.getByRole("dialog").getByText("email_confirmation_signup").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(new URL(page.url()).search).toBe("");
  await page.getByLabel("By", { exact: true }).selectOption("sms");
  await shows("No message is like that");
  expect(new URL(page.url()).searchParams.get("channel")).toBe("sms");
  await button("Show all").click();
  await button("ann@example.org").waitFor();
  silent();
});

test("a webhook is made, tested, rotated, disabled and deleted", async () => {
  await go("/tenants/demo/webhooks");
  await button("Add webhook").click();
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hooks`;
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Address").fill("ftp://example.org");
  await dialog.getByLabel("Events").fill("user.*");
  await page.keyboard.press("Enter");
  await dialog.getByLabel("What it is for").fill("<b>warehouse</b>");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await dialog.getByText(/https/).last().waitFor();
  await forEverybody();
  await dialog.getByLabel("Address").fill(url);
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  const secret = (await page.locator("[data-secret]").textContent()) ?? "";
  expect(secret).toMatch(/^whsec_/);
  await forEverybody();
  await button("I have kept it").click();
  await page.getByRole("heading", { level: 1, name: "<b>warehouse</b>" }).waitFor();
  await settled(page);
  expect(await page.content()).not.toContain(secret);

  answer = { status: 500, body: "<img src=x onerror=alert(1)> out of order" };
  await button("Send test event").click();
  await shows("It did not get through");
  await shows("<img src=x onerror=alert(1)> out of order");
  answer = { status: 204, body: "" };
  await button("Send test event").click();
  await shows("The receiver took it");
  expect(received.length).toBeGreaterThanOrEqual(2);
  await button("webhook.test").first().click();
  await page.getByRole("dialog").getByText('"type": "webhook.test"').waitFor();
  await forEverybody();
  await page.reload();
  await page.getByRole("dialog").getByText('"type": "webhook.test"').waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(new URL(page.url()).search).toBe("");

  await button("Rotate secret").click();
  await button("Rotate").click();
  const fresh = await page.locator("[data-secret]").textContent();
  expect(fresh).not.toBe(secret);
  await button("I have kept it").click();
  await shows("Both sign");
  await button("Disable").click();
  await shows("Enable the webhook to test it.");
  const list = async () => ((await server.admin("GET", "/tenants/demo/webhooks")) as Answer).items;
  expect((await list())[0].enabled).toBe(false);
  await button("Delete webhook").click();
  await button("Delete").click();
  await shows("No webhooks yet");
  expect(await list()).toEqual([]);
  silent(/422/);
});

/** The document as it is now, put into the editor with something else in it. */
const put = async (change: (text: string) => string) => {
  const response = await fetch(`${server.operatorsURL}/admin/v1/tenants/demo?format=yaml`, {
    headers: { Authorization: `Bearer ${server.token}` },
  });
  const buffer = Buffer.from(change(await response.text()));
  await page.locator('input[type="file"]').setInputFiles({ name: "demo.yaml", mimeType: "application/yaml", buffer });
};

test("the document is mended, compared and saved", async () => {
  await go("/tenants/demo/config");
  const editor = page.getByRole("textbox", { name: /The tenant as YAML/ });
  await editor.click();
  await page.keyboard.press("Control+End");
  await page.keyboard.insertText("nonsense: 1\n");
  await shows("1 thing to mend before it can be saved");
  await page.locator(".cm-lint-marker-error").waitFor();
  await forEverybody();
  expect(await button("Review and save").isDisabled()).toBe(true);
  await page.getByRole("button", { name: /^Line \d+/ }).click();
  expect(await editor.evaluate((e) => e === document.activeElement)).toBe(true);
  await page.keyboard.press("Control+z");
  await shows("Nothing changed");

  // Completion comes from the schema.
  await page.keyboard.press("Control+End");
  await page.keyboard.insertText("  cook");
  await page.keyboard.press("Control+Space");
  await page.getByRole("option", { name: "cookies" }).waitFor();
  await forEverybody();
  await page.keyboard.press("Escape");
  await button("Discard").click();

  await put((text) => text.replace("name: Demo\n", "name: Demo Two\n"));
  await button("Review and save").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Demo Two").waitFor();
  await forEverybody();
  await dialog.getByLabel("Why").fill('as "asked"');
  await dialog.getByRole("button", { name: "Save" }).click();
  await shows("Saved. It takes effect within two seconds.");
  expect((await tenant()).name).toBe("Demo Two");
  silent(/400|422/);
});

test("somebody else was faster: what they changed is shown, and one of both is chosen", async () => {
  await go("/tenants/demo/config");
  await put((text) => text.replace("name: Demo Two\n", "name: Mine\n"));
  await server.admin("PATCH", "/tenants/demo", { name: "Theirs", config: { branding: { name: "Theirs too" } } });
  await button("Review and save").click();
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  const conflict = page.getByRole("dialog", { name: "Someone else changed this tenant meanwhile" });
  await conflict.getByText("Theirs too").first().waitFor();
  await conflict.getByText("name: Theirs").waitFor();
  await forEverybody();
  expect(await conflict.getByRole("button", { name: "Go on with both" }).isDisabled()).toBe(true);
  await conflict.getByRole("radio", { name: "Mine" }).check();
  await conflict.getByRole("button", { name: "Go on with both" }).click();
  await button("Review and save").click();
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await shows("Saved. It takes effect within two seconds.");
  expect(await tenant()).toMatchObject({ name: "Mine", config: { branding: { name: "Theirs too" } } });
  silent(/412/);
});

test("versions are compared, and one is gone back to", async () => {
  const all = ((await server.admin("GET", "/tenants/demo/versions")) as Answer).items;
  const at = all.findIndex((v: Answer) => v.name === "Demo Two");
  const [second, first] = all.slice(at); // the latest comes first, and versions are numbers that all tenants share
  expect(second.note).toBe('as "asked"');
  await go(`/tenants/demo/versions?from=${first.version}&to=${second.version}`);
  await page.getByRole("table", { name: "What changes" }).getByText("Demo Two").waitFor();
  await button(`Roll back to version ${second.version}`).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("config.branding.name").waitFor();
  await forEverybody();
  await dialog.getByLabel("Why").fill("it was better before");
  await dialog.getByRole("button", { name: "Roll back" }).click();
  await shows(`The tenant is as of version ${second.version} again.`);
  expect((await tenant()).name).toBe("Demo Two");
  await page.getByRole("table", { name: "Versions" }).getByText("it was better before").waitFor();
  silent();
});

test("the doctor says what arrives of a request", async () => {
  await go("/tenants/demo/doctor");
  await shows("No problem was found");
  await button("Make a request").click();
  const line = (await page.getByText(/^curl /).textContent()) ?? "";
  const headers = [...line.matchAll(/-H '([^:']+): ([^']*)'/g)].map((m) => [m[1] ?? "", m[2] ?? ""]);
  const url = line.split(" ").at(-1) ?? "";
  expect((await fetch(url, { headers: Object.fromEntries(headers) })).status).toBe(200);
  await button("See what arrived").click();
  await page.getByRole("table", { name: "What arrived of the request" }).getByText("203.0.113.9").first().waitFor();
  await forEverybody();
  await go("/doctor");
  await page.getByLabel("Public URL").fill("https://nobody.example");
  await page.keyboard.press("Enter");
  await page.getByText("Problem", { exact: true }).first().waitFor();
  expect(new URL(page.url()).searchParams.get("url")).toBe("https://nobody.example");
  await page.getByLabel("Front end").fill("https://app.example.org");
  await page.keyboard.press("Enter");
  await page.waitForURL(/origin=/);
  await page.reload();
  await page.getByText("Problem", { exact: true }).first().waitFor();
  expect(await page.getByLabel("Front end").inputValue()).toBe("https://app.example.org");
  await shows("--origin https://app.example.org");
  silent();
});

test("whoever may only look is shown no buttons that are refused", async () => {
  const viewer = await operator(server, "vera@example.org", [{ role: "viewer" }]);
  const theirs = await open(browser, { cookies: viewer.cookies });
  const at = async (path: string) => {
    await theirs.page.goto(server.operatorsURL + path);
    await settled(theirs.page);
  };
  const none = async (...names: (string | RegExp)[]) => {
    for (const name of names) {
      expect(await theirs.page.getByRole("button", { name }).count()).toBe(0);
    }
  };
  await at("/tenants/demo/config");
  await theirs.page.getByRole("textbox", { name: "The tenant as YAML" }).waitFor();
  await none("Review and save", "Open a file");
  await at("/tenants/demo/versions");
  await theirs.page.getByRole("table", { name: "Versions" }).waitFor();
  await none(/Roll back/);
  await at("/tenants/demo/templates/login_code");
  await theirs.page.getByRole("heading", { name: "Words" }).waitFor();
  await none("Save", /Write your own/, "Reset to built-in");
  await at("/tenants/demo/email");
  await theirs.page.getByRole("heading", { name: "Branding" }).waitFor();
  await none("Send test mail");
  expect(theirs.complaints).toEqual([]);
  await theirs.context.close();
});
