// For whoever works on a screen: pictures of it in both schemes and on a telephone, what axe finds, and what the console says.
//
//   LOOK="/tenants /tenants/demo/users" OUT=/tmp/look npx vitest run --project look
//
// SEED=users makes some users of the demo tenant first.
import { expect, test } from "vitest";
import { axe, launch, open, overflows, settled, shot } from "./browser";
import { operator } from "./operator";
import { seed } from "./seed";
import { Server } from "./server";

test("look", async () => {
  const server = await Server.start();
  const browser = await launch();
  const faults: string[] = [];
  try {
    const seeded = await seed(server);
    const who = await operator(server);
    const paths = (process.env.LOOK ?? "/")
      .split(/\s+/)
      .map((p) => p.replace("USER", seeded.user).replace("WEBHOOK", seeded.webhook).replace("IMPORT", seeded.import));
    const out = process.env.OUT ?? "/tmp/look";
    for (const [name, options] of [
      ["light", {}],
      ["dark", { scheme: "dark" }],
      ["phone", { width: 390 }],
    ] as const) {
      const { page, complaints, context } = await open(browser, { ...options, cookies: who.cookies });
      for (const path of paths) {
        await page.goto(server.operatorsURL + path);
        await settled(page);
        await shot(page, `${out}/${path.replaceAll(/[/?=&]+/g, "_").replace(/^_$/, "_fleet")}.${name}.png`);
        for (const fault of await axe(page)) {
          faults.push(`${path} (${name}): ${fault}`);
        }
        if (await overflows(page)) {
          faults.push(`${path} (${name}): the page can be moved sideways`);
        }
        for (const complaint of complaints.splice(0)) {
          faults.push(`${path} (${name}): console: ${complaint}`);
        }
      }
      await context.close();
    }
  } finally {
    await browser.close();
    await server.stop();
  }
  expect(faults).toEqual([]);
});
