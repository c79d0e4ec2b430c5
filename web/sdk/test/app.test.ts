import { expect, onTestFinished, test, vi } from "vitest";
import {
  AppClient,
  Declined,
  inMemory,
  inStorage,
  NoTokens,
  type TokenStore,
  type Tokens,
  Unreachable,
} from "../src/index.ts";
import { access, ann, bob, promise, type Said, script, signedIn, signedOut, store, thrownBy } from "./script.ts";

const url = "https://acme.example.org";
const refreshed = (access_token: string, refresh_token?: string): Said => ({
  body: { status: 200, data: { access_token, ...(refresh_token && { refresh_token }) } },
});
const refused: Said = { status: 400, body: { status: 400 } };

const shown = (asked: { headers: Headers }) => asked.headers.get("X-Session-Token");

test("what a login brings is kept, shown and dropped by a logout", async () => {
  const tokens = store();
  const jwt = access();
  const { fetch, asked } = script(
    signedOut([{ id: "login" }, { id: "mfa_authenticate", is_pending: true, types: ["totp"] }], {
      session_token: "one",
    }),
    signedIn(ann, { session_token: "two", access_token: jwt, refresh_token: "r1" }),
    signedOut(),
  );
  const app = new AppClient({ url, fetch, tokens });
  expect(await app.login({ email: ann.email, password: "p" })).toMatchObject({ status: "waiting" });
  expect(tokens.held).toEqual({ session: "one" });
  expect(await app.authenticateByCode("123456")).toMatchObject({ status: "signed-in", user: ann });
  expect(tokens.held).toEqual({ session: "two", access: jwt, refresh: "r1" });
  expect(await app.access()).toBe(jwt);
  expect(await app.logout()).toMatchObject({ status: "signed-out" });
  expect(tokens.held).toEqual({});
  expect(asked.map(shown)).toEqual([null, "one", "two"]);
});

test("a store's tokens are shown with the first request, and it is read once", async () => {
  const load = vi.fn(() => Promise.resolve({ session: "kept" }));
  const { fetch, asked } = script(signedIn());
  const app = new AppClient({ url, fetch, tokens: { load, save: () => {} } });
  await Promise.all([app.session(), app.emails(), app.config()]);
  expect(asked.map(shown)).toEqual(["kept", "kept", "kept"]);
  expect(load).toHaveBeenCalledTimes(1);
});

test("a store is not written where nothing changed", async () => {
  const tokens = store({ session: "kept" });
  const { fetch } = script(signedIn());
  await new AppClient({ url, fetch, tokens }).session();
  expect(tokens.saved).toBe(0);
});

test("410 ends the session that the request showed, once nobody has another", async () => {
  const tokens = store({ session: "old", access: access(), refresh: "r" });
  const { fetch, asked } = script(signedOut([{ id: "login" }], {}, 410));
  const app = new AppClient({ url, fetch, tokens });
  expect(await thrownBy(app.session())).toMatchObject({ reason: "ended" });
  expect(tokens.held).toEqual({});
  expect(app.known).toMatchObject({ status: "signed-out" });
  expect(asked).toHaveLength(1);
});

test("an answer to an old token ends no new session, and is asked for again with the new one", async () => {
  const tokens = store({ session: "old" });
  const slow = promise<Said>();
  const { fetch, asked } = script(() => slow.kept, signedIn(ann, { session_token: "new" }), {
    body: { status: 200, data: [{ email: ann.email, primary: true, verified: true }] },
  });
  const app = new AppClient({ url, fetch, tokens });
  const emails = app.emails();
  await app.changePassword({ current_password: "a", new_password: "b" });
  slow.keep(signedOut([{ id: "login" }], {}, 410));
  expect(await emails).toHaveLength(1);
  expect(asked.map(shown)).toEqual(["old", "old", "new"]);
  expect(tokens.held).toEqual({ session: "new" });
  expect(app.known).toMatchObject({ status: "signed-in" });
});

test("what another client has saved counts before a session is believed to be over", async () => {
  const tokens = store({ session: "old" });
  const { fetch, asked } = script(() => {
    tokens.held = { session: "new" }; // by the other
    return signedOut([{ id: "login" }], {}, 410);
  }, signedIn());
  const app = new AppClient({ url, fetch, tokens });
  expect(await app.session()).toMatchObject({ status: "signed-in" });
  expect(asked.map(shown)).toEqual(["old", "new"]);
  expect(tokens.held).toEqual({ session: "new" });
});

test.each([
  ["an answer about somebody else", signedIn(bob), {}],
  ["a new session of nobody's", signedOut([{ id: "login" }], { session_token: "t" }), { session: "t" }],
])("access tokens of one user are not left to another: %s", async (_, said, more) => {
  const tokens = store({ session: "s", access: access(ann.id), refresh: "r" });
  const app = new AppClient({ url, fetch: script(said).fetch, tokens });
  await app.session();
  expect(tokens.held).toEqual({ session: "s", ...more });
});

test.each([
  ["says who it was", {}],
  ["brings an access token", { access_token: access(ann.id) }],
])("an answer about one user, late, touches no tokens of the next: %s", async (_, meta) => {
  const theirs = { session: "bob's", access: access(bob.id), refresh: "r2" };
  const tokens = Object.assign(store({ session: "ann's", access: access(ann.id), refresh: "r1" }), {
    changed: () => {},
    onChange(changed: () => void) {
      this.changed = changed;
    },
  });
  const slow = promise<Said>();
  const { fetch, asked } = script(() => slow.kept, signedIn(bob));
  const app = new AppClient({ url, fetch, tokens });
  const late = app.session();
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  tokens.held = theirs; // another tab has signed out and in
  tokens.changed();
  await vi.waitFor(() => expect(app.known).toMatchObject({ user: bob }));
  slow.keep(signedIn(ann, meta));
  await late;
  expect(tokens.held).toEqual(theirs);
  expect(await app.access()).toBe(theirs.access);
  expect(app.known).toMatchObject({ user: bob });
});

test.each([
  ["a change", (app: AppClient) => app.addEmail("ann@example.com")],
  ["a logout", (app: AppClient) => app.logout()],
])("a step that was meant for one user is not taken for the next: %s", async (_, step) => {
  const tokens = store({ session: "ann's" });
  const { fetch, asked } = script(
    signedIn(ann),
    () => {
      tokens.held = { session: "bob's" }; // another tab has signed out and in, and this one has not heard of it yet
      return signedOut([{ id: "login" }], {}, 410);
    },
    signedIn(bob),
  );
  const app = new AppClient({ url, fetch, tokens });
  await app.session();
  expect(await thrownBy(step(app))).toMatchObject({ reason: "ended" });
  expect(asked.filter((a) => a.method !== "GET").map(shown)).toEqual(["ann's"]);
  expect(app.known).toMatchObject({ user: bob });
});

test.each([
  ["goes by the access token", { session: "ann's", access: access(ann.id) }],
  ["goes by nobody, without one", { session: "ann's" }],
])("a step is not taken for the next user where nobody has looked yet: it %s", async (_, held) => {
  const tokens = store(held);
  const { fetch, asked } = script(() => {
    tokens.held = { session: "bob's", access: access(bob.id) };
    return signedOut([{ id: "login" }], {}, 410);
  }, signedIn(bob));
  const app = new AppClient({ url, fetch, tokens });
  expect(await thrownBy(app.addEmail("ann@example.com"))).toMatchObject({ reason: "ended" });
  expect(asked.filter((a) => a.method !== "GET").map(shown)).toEqual(["ann's"]);
});

test("whoever asks for an access token of one user is given none of the next", async () => {
  const tokens = store({ session: "ann's", access: access(ann.id, { since: 290 }), refresh: "r1" });
  const slow = promise<Said>();
  const { fetch, asked } = script(signedIn(ann), () => slow.kept, signedIn(bob));
  const app = new AppClient({ url, fetch, tokens });
  await app.session();
  const asking = thrownBy(app.access());
  await vi.waitFor(() => expect(asked).toHaveLength(2));
  tokens.held = { session: "bob's", access: access(bob.id), refresh: "r2" }; // another tab has signed out and in
  slow.keep(refused);
  expect(await asking).toBeInstanceOf(NoTokens);
  expect(await thrownBy(app.access())).toBeInstanceOf(NoTokens); // ann's page may still be there
  await app.session();
  expect(app.known).toMatchObject({ user: bob });
  expect(await app.access()).toBe(tokens.held.access);
});

test("users whose ids are numbers keep their access tokens", async () => {
  const held = { session: "s", access: access("7"), refresh: "r" };
  const tokens = store(held);
  const app = new AppClient({ url, fetch: script(signedIn({ ...ann, id: 7 as unknown as string })).fetch, tokens });
  await app.session();
  expect(tokens.held).toEqual(held);
});

test("access tokens outlive a new session token of the same user", async () => {
  const jwt = access(ann.id);
  const tokens = store({ session: "s", access: jwt, refresh: "r" });
  const app = new AppClient({ url, fetch: script(signedIn(ann, { session_token: "t" })).fetch, tokens });
  await app.session();
  expect(tokens.held).toEqual({ session: "t", access: jwt, refresh: "r" });
});

test("a user's id is text, as in access tokens, where a server numbers its users", async () => {
  const jwt = access("7");
  const tokens = store({ session: "s", access: jwt, refresh: "r" });
  const numbered = { ...ann, id: 7 as unknown as string };
  const proof = signedOut([{ id: "reauthenticate" }], { is_authenticated: true });
  (proof.body as { data: { user: unknown } }).data.user = numbered;
  const found = { body: { status: 200, data: { email: ann.email, user: numbered } } };
  const { fetch } = script(signedIn(numbered), found, found, proof);
  const app = new AppClient({ url, fetch, tokens });
  expect(await app.session()).toMatchObject({ user: { id: "7" } });
  expect(await app.access()).toBe(jwt);
  expect(await app.lookAtEmailKey("key")).toMatchObject({ user: { id: "7" } });
  expect(await app.lookAtResetKey("key")).toMatchObject({ id: "7" });
  expect(await thrownBy(app.emails())).toMatchObject({ prove: { user: { id: "7" } } });
});

test("a login that waits is not ended by its 401", async () => {
  const tokens = store({ session: "s" });
  const { fetch } = script(signedOut([{ id: "verify_email", is_pending: true }]));
  await new AppClient({ url, fetch, tokens }).changePassword({ new_password: "b" });
  expect(tokens.held).toEqual({ session: "s" });
});

test("who ends their own session has none then", async () => {
  const tokens = store({ session: "s" });
  const { fetch } = script(signedOut());
  const app = new AppClient({ url, fetch, tokens });
  expect(await thrownBy(app.endSessions(7))).toMatchObject({ reason: "signed-out" });
  expect(tokens.held).toEqual({});
});

test("a proxy's 401 ends no session", async () => {
  const tokens = store({ session: "s" });
  const app = new AppClient({ url, fetch: script({ status: 401, body: "<h1>Who are you?</h1>" }).fetch, tokens });
  expect(await thrownBy(app.changePassword({ new_password: "b" }))).toMatchObject({ status: 401 });
  expect(tokens.held).toEqual({ session: "s" });
});

test("a store that fails is told, and the client goes on with what it has", async () => {
  let broken = true;
  const saved: Tokens[] = [];
  const tokens: TokenStore = {
    load: () => ({}),
    save: (next) => {
      if (broken) {
        throw new Error("the disk is full");
      }
      saved.push(next);
    },
  };
  const { fetch, asked } = script(signedIn(ann, { session_token: "one" }), signedIn());
  const app = new AppClient({ url, fetch, tokens });
  expect(await thrownBy(app.login({}))).toMatchObject({ message: "the disk is full" });
  broken = false;
  await app.session();
  expect(shown(asked[1] as never)).toBe("one");
  expect(saved).toEqual([{ session: "one" }]);
});

test("a logout that the store does not keep is known all the same", async () => {
  const tokens: TokenStore = {
    load: () => ({ session: "s" }),
    save: () => {
      throw new Error("the disk is full");
    },
  };
  const app = new AppClient({ url, fetch: script(signedIn(), signedOut()).fetch, tokens });
  await app.session();
  expect(await thrownBy(app.logout())).toMatchObject({ message: "the disk is full" });
  expect(app.known).toMatchObject({ status: "signed-out" });
});

test("what another client has saved is not overwritten with what was before", async () => {
  const old = access(ann.id, { since: 290 });
  const jwt = access();
  const tokens = store({ session: "s", access: old, refresh: "r1" });
  const { fetch } = script(signedIn(), signedIn(ann, { session_token: "t" }));
  const app = new AppClient({ url, fetch, tokens });
  await app.session(); // it has read the store now
  tokens.held = { session: "s", access: jwt, refresh: "r2" }; // by the other
  await app.changePassword({ current_password: "a", new_password: "b" });
  expect(tokens.held).toEqual({ session: "t", access: jwt, refresh: "r2" });
});

test("what another client has saved during a refresh stays", async () => {
  const tokens = store({ session: "s", refresh: "r1" });
  const slow = promise<Said>();
  const { fetch, asked } = script(() => slow.kept);
  const app = new AppClient({ url, fetch, tokens });
  const asking = app.access();
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  const jwt = access();
  tokens.held = { session: "t", access: jwt, refresh: "r2" };
  slow.keep(refused);
  expect(await asking).toBe(jwt);
  expect(tokens.held).toEqual({ session: "t", access: jwt, refresh: "r2" });
});

test("a phone without a TextDecoder reads its tokens", async () => {
  vi.stubGlobal("TextDecoder", undefined);
  onTestFinished(() => void vi.unstubAllGlobals());
  const jwt = access();
  const { fetch, asked } = script(refused);
  expect(await new AppClient({ url, fetch, tokens: store({ access: jwt, refresh: "r" }) }).access()).toBe(jwt);
  expect(asked).toHaveLength(0);
});

test("a store that could not be written has nothing newer", async () => {
  const tokens: TokenStore = {
    load: () => ({ session: "before" }),
    save: () => Promise.reject(new Error("the disk is full")),
  };
  const { fetch, asked } = script(signedIn(ann, { session_token: "one" }), signedOut([{ id: "login" }], {}, 410));
  const app = new AppClient({ url, fetch, tokens });
  await thrownBy(app.login({}));
  await thrownBy(app.session());
  expect(asked.map(shown)).toEqual(["before", "one"]);
});

test("a store that cannot be read is told, and read again", async () => {
  const load = vi.fn<() => Tokens>().mockImplementationOnce(() => {
    throw new Error("locked");
  });
  load.mockReturnValue({ session: "kept" });
  const { fetch, asked } = script(signedIn());
  const app = new AppClient({ url, fetch, tokens: { load, save: () => {} } });
  expect(await thrownBy(app.session())).toMatchObject({ message: "locked" });
  expect(asked).toHaveLength(0);
  await app.session();
  expect(asked.map(shown)).toEqual(["kept"]);
});

test("one refresh for all who ask", async () => {
  const old = access(ann.id, { since: 290 });
  const jwt = access();
  const tokens = store({ session: "s", access: old, refresh: "r1" });
  const slow = promise<Said>();
  const { fetch, asked } = script(() => slow.kept);
  const app = new AppClient({ url, fetch, tokens });
  const all = Promise.all(Array.from({ length: 20 }, () => app.access()));
  const forced = app.refreshTokens();
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  slow.keep(refreshed(jwt, "r2"));
  expect(new Set(await all)).toEqual(new Set([jwt]));
  await forced;
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({ path: "/_allauth/app/v1/tokens/refresh", body: { refresh_token: "r1" } });
  expect(shown(asked[0] as never)).toBeNull(); // a dead session does not get in its way
  expect(tokens.held).toEqual({ session: "s", access: jwt, refresh: "r2" });
});

test("the next refresh is one of its own", async () => {
  const tokens = store({ refresh: "r1" });
  const { fetch, asked } = script(refreshed(access(), "r2"), refreshed(access(), "r3"));
  const app = new AppClient({ url, fetch, tokens });
  await app.refreshTokens();
  await app.refreshTokens();
  expect(asked.map((a) => a.body)).toEqual([{ refresh_token: "r1" }, { refresh_token: "r2" }]);
});

test("a refresh token that stays good is kept", async () => {
  const tokens = store({ refresh: "r1" });
  const app = new AppClient({ url, fetch: script(refreshed(access())).fetch, tokens });
  await app.access();
  expect(tokens.held.refresh).toBe("r1");
});

test("a refused refresh token ends the pair, and nothing else", async () => {
  const tokens = store({ session: "s", access: access(ann.id, { since: 400 }), refresh: "r1" });
  const { fetch, asked } = script(refused);
  const app = new AppClient({ url, fetch, tokens });
  const error = await thrownBy(app.access());
  expect(error).toBeInstanceOf(NoTokens);
  expect((error as Error).cause).toBeInstanceOf(Declined);
  expect(tokens.held).toEqual({ session: "s" });
  expect(await thrownBy(app.access())).toBeInstanceOf(NoTokens);
  expect(asked).toHaveLength(1);
});

test("a busy server ends nothing", async () => {
  const tokens = store({ session: "s", refresh: "r1" });
  const { fetch, asked } = script({ status: 503 });
  const app = new AppClient({ url, fetch, tokens });
  expect(await thrownBy(app.access())).toMatchObject({ reason: "later" });
  expect(tokens.held).toEqual({ session: "s", refresh: "r1" });
  expect(asked).toHaveLength(1);
});

test.each([
  ["no answer", () => Promise.reject(new TypeError("reset"))],
  ["a proxy's 502", { status: 502, body: "bad gateway" }],
  ["a proxy's 504", { status: 504, body: "late" }],
])("a refresh that was lost is sent once more, within the grace period: %s", async (_, line) => {
  const jwt = access();
  const tokens = store({ refresh: "r1" });
  const { fetch, asked } = script(line, refreshed(jwt, "r2"));
  const app = new AppClient({ url, fetch, tokens });
  expect(await app.access()).toBe(jwt);
  expect(asked.map((a) => a.body)).toEqual([{ refresh_token: "r1" }, { refresh_token: "r1" }]);
});

test("it is not sent a third time, nor at all where there is no grace", async () => {
  const none = () => Promise.reject(new TypeError("reset"));
  const twice = script(none);
  expect(
    await thrownBy(new AppClient({ url, fetch: twice.fetch, tokens: store({ refresh: "r" }) }).access()),
  ).toBeInstanceOf(Unreachable);
  expect(twice.asked).toHaveLength(2);
  const once = script(none);
  const strict = new AppClient({ url, fetch: once.fetch, tokens: store({ refresh: "r" }), refreshGrace: 0 });
  expect(await thrownBy(strict.access())).toBeInstanceOf(Unreachable);
  expect(once.asked).toHaveLength(1);
});

test("it is not sent again when that would look stolen", async () => {
  vi.useFakeTimers();
  try {
    const { fetch, asked } = script(() => {
      vi.setSystemTime(Date.now() + 8_000); // asleep meanwhile
      throw new TypeError("reset");
    });
    const app = new AppClient({ url, fetch, tokens: store({ refresh: "r" }) });
    expect(await thrownBy(app.access())).toBeInstanceOf(Unreachable);
    expect(asked).toHaveLength(1);
  } finally {
    vi.useRealTimers();
  }
});

test("a logout wins over a refresh that is on its way", async () => {
  const tokens = store({ session: "s", access: access(ann.id, { since: 400 }), refresh: "r1" });
  const slow = promise<Said>();
  const { fetch, asked } = script(() => slow.kept, signedOut());
  const app = new AppClient({ url, fetch, tokens });
  const waiting = thrownBy(app.access());
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  await app.logout();
  slow.keep(refreshed(access(), "r2"));
  expect(await waiting).toBeInstanceOf(NoTokens);
  expect(tokens.held).toEqual({});
});

test("clients that share a store refresh once", async () => {
  const tokens = store({ refresh: "r1" });
  const jwt = access();
  const { fetch, asked } = script(signedOut(), refreshed(jwt, "r2"));
  const [one, two] = [new AppClient({ url, fetch, tokens }), new AppClient({ url, fetch, tokens })];
  await two.session(); // it has read the store now
  await one.access();
  expect(await two.access()).toBe(jwt);
  expect(asked).toHaveLength(2);
});

test("when a token is fresh", async () => {
  const of = async (token: string) => {
    const { fetch, asked } = script(refused);
    await new AppClient({ url, fetch, tokens: store({ access: token, refresh: "r" }) }).access().catch(() => {});
    return asked.length === 0;
  };
  expect(await of(access(ann.id, { seconds: 300 }))).toBe(true);
  expect(await of(access(ann.id, { since: 265, seconds: 300 }))).toBe(true);
  expect(await of(access(ann.id, { since: 275, seconds: 300 }))).toBe(false);
  expect(await of(access(ann.id, { since: 6, seconds: 10 }))).toBe(true); // a quarter of a short life
  expect(await of(access(ann.id, { since: 9, seconds: 10 }))).toBe(false);
  expect(await of("no token")).toBe(false);
  expect(await of(`a.${Buffer.from("null").toString("base64url")}.c`)).toBe(false);
});

test("nothing secret is in an error", async () => {
  const tokens = store({ session: "secret-session", access: "secret-access", refresh: "secret-refresh" });
  const { fetch } = script(refused);
  const error = await thrownBy(new AppClient({ url, fetch, tokens }).access());
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("secret-");
});

test("a store that tells of a change has the session looked at anew", async () => {
  let changed = () => {};
  const tokens = {
    ...store(),
    onChange(callback: () => void) {
      changed = callback;
    },
  };
  const { fetch, asked } = script(signedOut(), signedIn());
  const app = new AppClient({ url, fetch, tokens });
  await app.session();
  tokens.held = { session: "by another tab" };
  changed();
  await vi.waitFor(() => expect(app.known).toMatchObject({ status: "signed-in" }));
  expect(asked.map(shown)).toEqual([null, "by another tab"]);
});

test("a store in the browser's storage tells of what other tabs save there", () => {
  const heard: Record<string, (event: unknown) => void> = {};
  vi.stubGlobal("addEventListener", (name: string, listener: (event: unknown) => void) => {
    heard[name] = listener;
  });
  const changed = vi.fn();
  inStorage({ getItem: () => null, setItem: () => {}, removeItem: () => {} }, "acme").onChange?.(changed);
  vi.unstubAllGlobals();
  heard.storage?.({ key: "another" });
  expect(changed).toHaveBeenCalledTimes(0);
  heard.storage?.({ key: "acme" });
  heard.storage?.({ key: null }); // everything was cleared
  expect(changed).toHaveBeenCalledTimes(2);
});

test("a store in the browser's storage", () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
  const tokens = inStorage(storage, "acme");
  expect(tokens.load()).toEqual({});
  tokens.save({ session: "s" });
  expect(kept.get("acme")).toBe('{"session":"s"}');
  expect(tokens.load()).toEqual({ session: "s" });
  tokens.save({});
  expect(kept.size).toBe(0);
  kept.set("acme", "something else");
  expect(tokens.load()).toEqual({});
});

test("a store in memory begins with what it is given", async () => {
  const { fetch, asked } = script(signedIn());
  await new AppClient({ url, fetch, tokens: inMemory({ session: "given" }) }).session();
  expect(asked.map(shown)).toEqual(["given"]);
});
