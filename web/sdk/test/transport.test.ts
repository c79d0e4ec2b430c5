import { inspect } from "node:util";
import { expect, onTestFinished, test, vi } from "vitest";
import { AppClient, BrowserClient, Declined, faultsOf, inMemory, Unreachable } from "../src/index.ts";
import { access, promise, type Said, script, signedOut, thrownBy } from "./script.ts";

const url = "https://acme.example.org";

test.each([
  ["nothing", undefined],
  ["no URL", "acme.example.org"],
  ["another scheme", "ftp://acme.example.org"],
  ["http to another machine", "http://acme.example.org"],
  ["a name that only looks like this machine", "http://localhost.example.org"],
  ["an address that only looks like this machine", "http://127.0.0.1.example.org"],
  ["a user", "https://ann:secret@acme.example.org"],
  ["a query", "https://acme.example.org/?a=b"],
  ["a fragment", "https://acme.example.org/#a"],
])("a URL that is %s is refused, and not repeated", (_, given) => {
  const make = () => new AppClient(given === undefined ? {} : { url: given });
  expect(make).toThrow(TypeError);
  expect(make).not.toThrow(/secret/);
});

test.each([
  ["https://acme.example.org", "https://acme.example.org"],
  ["https://acme.example.org/", "https://acme.example.org"],
  ["https://example.org/auth//", "https://example.org/auth"],
  ["http://localhost:8080", "http://localhost:8080"],
  ["http://demo.localhost:8080", "http://demo.localhost:8080"],
  ["http://127.0.0.1:8080", "http://127.0.0.1:8080"],
  ["http://[::1]:8080", "http://[::1]:8080"],
  [" HTTPS://Acme.Example.org:443", "https://acme.example.org"],
  ["https://acme.example.org:80", "https://acme.example.org:80"],
])("%s is asked at %s", async (given, base) => {
  let at = "";
  const fetch = async (input: RequestInfo | URL) => {
    at = String(input);
    return new Response('{"status": 200, "data": {}}');
  };
  await new AppClient({ url: given, fetch }).config();
  expect(at).toBe(`${base}/_allauth/app/v1/config`);
});

test("http to other hosts is allowed on purpose alone", async () => {
  const { fetch, asked } = script({});
  await new AppClient({ url: "http://auth.internal", insecure: true, fetch }).config();
  expect(asked).toHaveLength(1);
});

test("what a request is sent with", async () => {
  const { fetch, asked } = script(signedOut());
  const app = new AppClient({ url, fetch, tenant: "acme", tenantHeader: "X-Org", userAgent: "Notes/1.0" });
  await app.login({ email: "ann@example.org", password: "Kestrel-Orbit-49" });
  expect(asked[0]).toMatchObject({
    method: "POST",
    path: "/_allauth/app/v1/auth/login",
    body: { email: "ann@example.org", password: "Kestrel-Orbit-49" },
    init: { credentials: "omit", redirect: "error", cache: "no-store" },
  });
  expect(Object.fromEntries(asked[0]?.headers ?? [])).toEqual({
    accept: "application/json",
    "content-type": "application/json",
    "user-agent": "Notes/1.0",
    "x-org": "acme",
  });
});

test("a browser's requests go with its cookies, and a look with nothing else", async () => {
  const { fetch, asked } = script(signedOut());
  await new BrowserClient({ url, fetch, csrf: () => "proof" }).session();
  expect(asked[0]).toMatchObject({ path: "/_allauth/browser/v1/auth/session", init: { credentials: "include" } });
  expect(asked[0]?.headers.get("X-CSRFToken")).toBeNull();
});

test.each([
  ["a tenant", { tenant: "acme\r\nX-Session-Token: secret" }],
  ["a header's name", { tenantHeader: "X Tenant: secret", tenant: "acme" }],
  ["a user agent", { userAgent: "secret \u2014" }],
  ["a token", { tokens: inMemory({ session: "secret\nX" }) }],
])("%s that no header can hold is told, and not repeated", async (_, options) => {
  const { fetch, asked } = script(signedOut());
  const error = await thrownBy(new AppClient({ url, fetch, ...options }).config());
  expect(error).toBeInstanceOf(TypeError);
  expect(inspect(error)).not.toContain("secret");
  expect(asked).toHaveLength(0);
});

test("a key that was pasted with something invisible is a wrong one", async () => {
  const { fetch, asked } = script({ body: { status: 200, data: { user: {} } } });
  const app = new AppClient({ url, fetch });
  for (const look of [app.lookAtEmailKey("ABCD\u200b"), app.lookAtResetKey("ABCD\n\u2014")]) {
    expect(await thrownBy(look)).toMatchObject({ reason: "invalid", status: 400 });
  }
  expect(asked).toHaveLength(0);
  await app.lookAtResetKey(" ABCD\n");
  expect(asked[0]?.headers.get("X-Password-Reset-Key")).toBe("ABCD");
});

test("a phone whose URL is no more than a name has a client, and reads access tokens without atob", async () => {
  vi.stubGlobal("URL", undefined);
  vi.stubGlobal("atob", undefined);
  onTestFinished(() => void vi.unstubAllGlobals());
  const jwt = access();
  expect(await new AppClient({ url, tokens: inMemory({ access: jwt, refresh: "r" }) }).access()).toBe(jwt);
  expect(() => new AppClient({ url: "acme" })).toThrow("url must be a scheme and a host");
});

test("what anybody may read is read without cookies, as a page on another host must", async () => {
  const { fetch, asked } = script({ body: { keys: [] } });
  const page = new BrowserClient({ url, fetch, csrf: () => "proof" });
  expect(await page.publicKeys()).toEqual({ keys: [] });
  await page.issuer();
  expect(asked.map((a) => a.init.credentials)).toEqual(["omit", "omit"]);
});

test("a page sends no user agent of its own", async () => {
  vi.stubGlobal("document", {});
  vi.stubGlobal("BroadcastChannel", undefined);
  onTestFinished(() => void vi.unstubAllGlobals());
  const { fetch, asked } = script(signedOut());
  await new AppClient({ url, fetch, userAgent: "Notes/1.0" }).session();
  expect(asked[0]?.headers.get("User-Agent")).toBeNull();
});

test("no answer is told apart from a refusal", async () => {
  const { fetch } = script(() => {
    throw new TypeError("fetch failed");
  });
  const error = await thrownBy(new AppClient({ url, fetch }).config());
  expect(error).toBeInstanceOf(Unreachable);
  expect((error as Error).cause).toMatchObject({ message: "fetch failed" });
  expect(faultsOf(error)).toEqual({ "": "The server did not answer. Check the connection, and try again." });
});

test("an answer that does not come in time is none", async () => {
  const { fetch } = script(() => new Promise(() => {}));
  const error = await thrownBy(new AppClient({ url, fetch, timeout: 10 }).config());
  expect(error).toBeInstanceOf(Unreachable);
});

test("who waits as long as it takes gets the answer", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const slow = promise<Said>();
  const { fetch } = script(() => slow.kept);
  const config = new AppClient({ url, fetch, timeout: Number.POSITIVE_INFINITY }).config();
  await vi.advanceTimersByTimeAsync(3_600_000);
  slow.keep({ body: { status: 200, data: {} } });
  expect(await config).toEqual({});
});

test("an answer that is not the API's is none", async () => {
  const { fetch } = script({ body: "<h1>It works!</h1>" });
  expect(await thrownBy(new AppClient({ url, fetch }).config())).toBeInstanceOf(Unreachable);
});

test("a proxy's refusal is one without faults", async () => {
  const { fetch } = script({ status: 502, body: "<h1>Bad gateway</h1>" });
  const error = (await thrownBy(new AppClient({ url, fetch }).config())) as Declined;
  expect(error).toMatchObject({ reason: "failed", status: 502, faults: [] });
});

test.each([
  [400, "invalid", "That was not accepted."],
  [403, "forbidden", "That is not allowed."],
  [404, "missing", "There is no such thing here."],
  [409, "conflict", "Something changed meanwhile. Begin again."],
  [410, "ended", "The session is over. Sign in again."],
  [429, "later", "That was too much at once. Try again in 30 seconds."],
  [503, "later", "That was too much at once. Try again in 30 seconds."],
  [500, "failed", "The server has a problem. Try again in a while."],
] as const)("%d is the reason %s", async (status, reason, message) => {
  const { fetch } = script({ status, body: { status }, headers: { "Retry-After": "30" } });
  const error = await thrownBy(new AppClient({ url, fetch }).emails());
  expect(error).toBeInstanceOf(Declined);
  expect(error).toMatchObject({ reason, status, message, retryAfter: 30 });
});

test("401 is that nobody is signed in, or that it must be proved anew", async () => {
  const user = { id: "1", display: "ann", has_usable_password: true };
  const { fetch } = script(signedOut(), {
    status: 401,
    body: { status: 401, data: { user, flows: [{ id: "reauthenticate" }] }, meta: { is_authenticated: true } },
  });
  const app = new AppClient({ url, fetch });
  expect(await thrownBy(app.emails())).toMatchObject({ reason: "signed-out", prove: undefined });
  const error = (await thrownBy(app.emails())) as Declined;
  expect(error).toMatchObject({ reason: "reauthenticate", prove: { flows: [{ id: "reauthenticate" }] } });
  expect(app.known).toMatchObject({ status: "signed-out" }); // a refusal says nothing of the session
});

test("Retry-After may be a date, or nonsense", async () => {
  const soon = new Date(Date.now() + 60_000).toUTCString();
  const { fetch } = script(
    { status: 503, headers: { "Retry-After": soon } },
    { status: 503, headers: { "Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT" } },
    { status: 503, headers: { "Retry-After": "soon" } },
  );
  const app = new AppClient({ url, fetch });
  const { retryAfter } = (await thrownBy(app.config())) as Declined;
  expect(retryAfter).toBeGreaterThan(50);
  expect(retryAfter).toBeLessThanOrEqual(61);
  expect(await thrownBy(app.config())).toMatchObject({ retryAfter: 0 });
  expect(await thrownBy(app.config())).toMatchObject({
    retryAfter: undefined,
    message: "That was too much at once. Try again in a while.",
  });
});

test("a message of a refusal is what its faults say, and a form's are by field", async () => {
  const errors = [
    { code: "password_too_short", message: "Too short.", param: "password" },
    { code: "password_too_common", message: "Too common.", param: "password" },
    { code: "invalid", message: "Not like that." },
  ];
  const { fetch } = script({ status: 400, body: { status: 400, errors } });
  const error = (await thrownBy(new AppClient({ url, fetch }).signup({}))) as Declined;
  expect(error.message).toBe("Too short. Too common. Not like that.");
  expect(faultsOf(error)).toEqual({ password: "Too short. Too common.", "": "Not like that." });
  expect(error.has("password_too_common")).toBe(true);
  expect(error.has("taken")).toBe(false);
  expect(faultsOf(undefined)).toEqual({});
});
