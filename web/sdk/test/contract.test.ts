// The document of the API, beside what each method asks a server for.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { AppClient, BrowserClient } from "../src/index.ts";
import { script } from "./script.ts";

interface Schema {
  $ref?: string;
  properties?: Record<string, unknown>;
}

interface Operation {
  operationId: string;
  parameters?: { in: string; name: string }[];
  requestBody?: { $ref?: string; content?: { "application/json": { schema: Schema } } };
}

const document = parse(readFileSync(new URL("../../../internal/headless/openapi.yaml", import.meta.url), "utf8"));

/** Paths that no front end asks: reverse proxies do, and whoever reads about the API. */
const forOthers = [
  "/_allauth/forward-auth",
  "/_allauth/openapi.yaml",
  "/_allauth/openapi.json",
  "/_allauth/openapi.html",
];

const found = (ref: string) =>
  ref
    .slice(2)
    .split("/")
    .reduce((at, name) => at[name], document);

function documented() {
  const verbs = ["get", "post", "put", "patch", "delete"];
  return Object.entries(document.paths as Record<string, Record<string, Operation>>)
    .filter(([path]) => !forOthers.includes(path))
    .flatMap(([path, item]) =>
      verbs.flatMap((verb) => {
        const operation = item[verb];
        if (!operation) {
          return [];
        }
        const body = operation.requestBody?.$ref ? found(operation.requestBody.$ref) : operation.requestBody;
        const of = (where: string) => (operation.parameters ?? []).filter((p) => p.in === where).map((p) => p.name);
        return {
          id: operation.operationId,
          method: verb.toUpperCase(),
          path,
          members: Object.keys(body?.content["application/json"].schema.properties ?? {}).sort(),
          headers: of("header"),
          query: of("query"),
        };
      }),
    );
}

const operations = documented();

/** What each method is called with: everything that it can send. */
const given: Record<string, unknown[]> = {
  login: [{ username: "a", email: "a@example.org", phone: "+31612345678", password: "p" }],
  signup: [{ username: "a", email: "a@example.org", email2: "a@example.org", phone: "+31612345678", password: "p" }],
  signupByKey: [{ username: "a", email: "a@example.org", email2: "a@example.org", phone: "+31612345678" }],
  requestLoginCode: [{ email: "a@example.org", phone: "+31612345678" }],
  changePassword: [{ current_password: "a", new_password: "b" }],
  resetPassword: ["key", "password"],
  trust: [true],
  endSessions: [7],
  removeKeys: [7],
  renameKey: [7, "Laptop"],
  keyOptions: [{ passwordless: true }],
  addKey: [{ name: "Laptop", credential: { id: "AAAA" } }],
  finishSignupByKey: [{ name: "Laptop", credential: { id: "AAAA" } }],
};

/** What a client can do without the API having a word for it. */
const others = [
  "access",
  "authenticateWithKey",
  "constructor",
  "createKey",
  "elsewhere",
  "finishSignupWithKey",
  "keep",
  "known",
  "loginWithPasskey",
  "once",
  "overtaken",
  "reauthenticateWithKey",
  "show",
  "subscribe",
];

test("the document was read", () => {
  expect(operations.length).toBeGreaterThan(50);
  expect(operations.find((o) => o.id === "addKey")?.members).toEqual(["credential", "name"]);
});

test.each(operations.map((o) => [o.id, o] as const))("%s", async (id, operation) => {
  const app = operation.path.startsWith("/_allauth/app/");
  const { fetch, asked } = script({ body: { status: 200, data: [], meta: {} } });
  const client = app
    ? new AppClient({
        url: "https://acme.example.org",
        fetch,
        tokens: { load: () => ({ refresh: "r" }), save: () => {} },
      })
    : new BrowserClient({ url: "https://acme.example.org", fetch, csrf: () => "proof" });
  const method = (client as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>)[id];
  expect(method, "it has no method").toBeTypeOf("function");
  await method?.apply(client, given[id] ?? ["given"]).catch(() => {}); // the answer is not what it should be
  const first = asked[0];
  const url = new URL(first?.path ?? "", "https://acme.example.org");
  expect({
    method: first?.method,
    path: url.pathname,
    members: Object.keys((first?.body as object | undefined) ?? {}).sort(),
    query: [...url.searchParams.keys()],
  }).toEqual({
    method: operation.method,
    path: operation.path.replace("{client}", "browser"),
    members: operation.members,
    query: operation.query,
  });
  for (const header of operation.headers) {
    expect(first?.headers.get(header), header).toBe("given");
  }
});

test("every method is an operation, or known to be none", () => {
  const names = [AppClient.prototype, BrowserClient.prototype, Object.getPrototypeOf(AppClient.prototype)].flatMap(
    (at) => Object.getOwnPropertyNames(at),
  );
  const unknown = names.filter((name) => !operations.some((o) => o.id === name) && !others.includes(name));
  expect(unknown).toEqual([]);
});

test("every flow that the server speaks of has its name", () => {
  const folder = new URL("../../../flows/", import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith(".go") && !name.endsWith("_test.go"));
  const names = (pattern: RegExp, texts: string[]) =>
    [...new Set(texts.flatMap((text) => [...text.matchAll(pattern)].map((m) => m[1])))].sort();
  const read = (url: URL) => readFileSync(url, "utf8");
  const served = names(
    /(?:Stage += |Flow\{\{?ID: )"(\w+)"/g,
    files.map((name) => read(new URL(name, folder))),
  );
  const types = read(new URL("../src/types.ts", import.meta.url));
  const named = names(/^ {2}\| "(\w+)"/gm, [types.slice(types.indexOf("export type FlowID"))]);
  expect(served.length).toBeGreaterThan(11);
  expect(named).toEqual(served);
});
