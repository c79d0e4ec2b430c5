// The first screen says whose mail and webhooks are in trouble, and leads there.
import { createServer, type Server as Receiver } from "node:http";
import { type AddressInfo, createServer as createSocket, type Server as Socket } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { axe, launch, open, overflows, settled, type Watched } from "./browser";
import { operator } from "./operator";
import { type Answer, Server } from "./server";

let server: Server;
let browser: Browser;
let receiver: Receiver;
let mail: Socket;
let watched: Watched;
let page: Page;
const hooks: Record<string, string> = {};

const listening = async (on: Receiver | Socket) => {
  await new Promise<void>((done) => on.listen(0, "127.0.0.1", done));
  return (on.address() as AddressInfo).port;
};

beforeAll(async () => {
  server = await Server.start({ VESTIBULE_ALLOW_PRIVATE_NETWORKS: "true" });
  browser = await launch();
  const owner = await operator(server);
  receiver = createServer((request, response) => {
    request.resume().on("end", () => response.writeHead(request.url?.startsWith("/gone") ? 410 : 500).end());
  });
  // A mail server that knows nobody.
  mail = createSocket((socket) => {
    socket.on("error", () => {});
    socket.write("220 mail.example\r\n");
    socket.on("data", (d) =>
      socket.write(/^(EHLO|HELO|MAIL)/i.test(String(d)) ? "250 mail.example\r\n" : "550 not here\r\n"),
    );
  });
  const [http, smtp] = [await listening(receiver), await listening(mail)];
  await server.admin("PATCH", "/tenants/demo", {
    name: "The Demo Company",
    config: { email: { smtp_url: `smtp://127.0.0.1:${smtp}` } },
  });
  for (const path of ["gone", "broken"]) {
    const made = (await server.admin("POST", "/tenants/demo/webhooks", {
      url: `http://127.0.0.1:${http}/${path}?key=do-not-tell`,
      events: ["*"],
    })) as { id: string };
    hooks[path] = made.id;
  }
  await server.app("POST", "/auth/signup", { email: "ann@example.org", username: "ann", password: "Kestrel-Orbit-49" });
  watched = await open(browser, { cookies: owner.cookies });
  page = watched.page;
});

afterAll(async () => {
  await browser?.close();
  receiver?.closeAllConnections();
  receiver?.close();
  mail?.close();
  await server?.stop();
});

const concern = (name: string | RegExp) => page.getByRole("list", { name });
const overview = async () => {
  await page.goto(`${server.operatorsURL}/`);
  await settled(page);
};

test("whose mail and webhooks are in trouble is told, with the way there", async () => {
  await expect
    .poll(
      async () => {
        const { messages, webhooks } = (await server.admin("GET", "/fleet")) as Answer;
        return [messages.failed > 0, webhooks.failing, webhooks.disabled];
      },
      { timeout: 40_000, interval: 500 },
    )
    .toEqual([true, 1, 1]);
  await overview();
  expect(await axe(page)).toEqual([]);
  expect(await overflows(page)).toBe(false);
  expect(await page.content()).not.toContain("do-not-tell");

  let reads = 0;
  page.on("request", (r) => {
    reads += Number(new URL(r.url()).pathname === "/admin/v1/tenants/demo");
  });
  await concern(/given up in the last 24 hours/)
    .getByRole("link", { name: "demo" })
    .click();
  await page.waitForURL("**/tenants/demo/messages?state=failed");
  await page.getByRole("table").getByText("ann@example.org").first().waitFor();
  // The switcher knows the tenant's name at the first visit, and asks nobody for it but whom the screen asks anyway.
  await page.getByRole("button", { name: "Tenant: The Demo Company" }).waitFor();
  expect(reads).toBe(1);

  for (const [path, name] of [
    ["broken", /^Nothing gets through to 1 webhook/],
    ["gone", /^The server disabled 1 webhook/],
  ] as const) {
    await overview();
    await concern(name)
      .getByRole("link", { name: /^demo: 127\.0\.0\.1/ })
      .click();
    await page.waitForURL(`**/tenants/demo/webhooks/${hooks[path]}`);
  }
  expect(watched.complaints).toEqual([]);
});
