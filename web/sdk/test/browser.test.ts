import { expect, test } from "vitest";
import { BrowserClient } from "../src/index.ts";
import { ann, bob, script, signedIn, signedOut, thrownBy } from "./script.ts";

const url = "https://acme.example.org";
const unproved = { status: 403, body: { status: 403, errors: [{ code: "csrf_failed", message: "Not from here." }] } };
const proof = (asked: { headers: Headers }) => asked.headers.get("X-CSRFToken");

test("the first CSRF token is fetched when it is missing", async () => {
  let jar = "";
  const { fetch, asked } = script(() => {
    jar = "one";
    return { body: { status: 200, data: {} } };
  }, signedIn());
  await new BrowserClient({ url, fetch, csrf: () => jar }).login({});
  expect(asked.map((a) => [a.method, a.path, proof(a)])).toEqual([
    ["GET", "/_allauth/browser/v1/config", null],
    ["POST", "/_allauth/browser/v1/auth/login", "one"],
  ]);
});

test.each([
  ["in JSON", unproved],
  ["by a page of Django's", { status: 403, body: "<h1>Forbidden</h1>" }],
])("a CSRF token that is refused with one that fits is shown once more: %s", async (_, refused) => {
  let jar = "old";
  const { fetch, asked } = script(
    () => {
      jar = "new";
      return refused;
    },
    signedOut(),
    signedIn(),
  );
  const page = new BrowserClient({ url, fetch, csrf: () => jar });
  expect(await page.login({})).toMatchObject({ status: "signed-in" });
  expect(asked.filter((a) => a.method === "POST").map(proof)).toEqual(["old", "new"]);
});

test("a step of nobody who is known is not taken for who has come in meanwhile", async () => {
  let jar = "old";
  const { fetch, asked } = script(() => {
    jar = "bob's";
    return unproved;
  }, signedIn(bob));
  const page = new BrowserClient({ url, fetch, csrf: () => jar });
  expect(await thrownBy(page.addEmail("ann@example.com"))).toMatchObject({ reason: "forbidden" });
  expect(asked.filter((a) => a.method === "POST").map(proof)).toEqual(["old"]);
});

test("a step that was meant for one user is not taken with the CSRF token of the next", async () => {
  let jar = "ann's";
  const { fetch, asked } = script(
    signedIn(ann),
    () => {
      jar = "bob's"; // another tab has signed out and in
      return unproved;
    },
    signedIn(bob),
  );
  const page = new BrowserClient({ url, fetch, csrf: () => jar });
  await page.session();
  expect(await thrownBy(page.addEmail("ann@example.com"))).toMatchObject({ reason: "forbidden" });
  expect(asked.filter((a) => a.method === "POST").map(proof)).toEqual(["ann's"]);
  expect(page.known).toMatchObject({ user: bob });
});

test("one that is refused as it is stays refused, as does another 403", async () => {
  for (const said of [unproved, { status: 403, body: { status: 403 } }]) {
    let reads = 0;
    const { fetch, asked } = script(said);
    // The token changes in the second case alone, where that is no reason to ask again.
    const csrf = () => (said === unproved ? "same" : `token ${reads++}`);
    const page = new BrowserClient({ url, fetch, csrf });
    expect(await thrownBy(page.login({}))).toMatchObject({ reason: "forbidden" });
    expect(asked).toHaveLength(1);
  }
});

test("where no token can be had, the server says so", async () => {
  const { fetch, asked } = script({ body: { status: 200, data: {} } }, unproved);
  const page = new BrowserClient({ url, fetch, csrf: () => undefined });
  expect(await thrownBy(page.logout())).toMatchObject({ reason: "forbidden", message: "Not from here." });
  expect(asked.map((a) => a.method)).toEqual(["GET", "DELETE"]);
});

test("the token is read from the page's cookies, by the name that the tenant gives it", async () => {
  const { fetch, asked } = script(signedOut());
  const page = globalThis as { document?: unknown; BroadcastChannel?: unknown };
  const channel = page.BroadcastChannel;
  page.document = { cookie: "a=b; xcsrftoken=wrong; csrftoken=right; acme_csrf=other" };
  page.BroadcastChannel = undefined;
  try {
    await new BrowserClient({ url, fetch }).logout();
    await new BrowserClient({ url, fetch, csrfCookie: "acme_csrf" }).logout();
  } finally {
    page.document = undefined;
    page.BroadcastChannel = channel;
  }
  expect(asked.map(proof)).toEqual(["right", "other"]);
});
