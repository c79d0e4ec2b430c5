// What the pages list by themselves is what the server has: a setting, an action or a kind of message that it is given is not forgotten here.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { channels, labelOf, whenOf } from "./screens/messages/kinds";
import { accountActions, providerActions } from "./screens/protection/actions";
import { type Per, parseRates, writeRates } from "./screens/protection/rates";
import { known } from "./screens/providers/catalogue";
import { choicesOf, moreOf, neededBy, turned } from "./screens/providers/fields";
import { exampleCode, formatOf } from "./screens/sign-in-methods/code";
import { fieldNames } from "./screens/sign-in-methods/fields";
import { meaningOf } from "./screens/template/words";
import { type Node, nodeAt } from "./settings/node";

const source = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const schema = JSON.parse(source("tenants/schema.json")) as Node;
const at = (path: string) => {
  const node = nodeAt(schema, path);
  if (!node) {
    throw new Error(`the schema has no ${path}`);
  }
  return node;
};
/** What the first group of a pattern finds in a source; never nothing. */
const all = (text: string, pattern: RegExp): string[] => {
  const found = [...text.matchAll(pattern)].map((m) => m[1] ?? "");
  expect(found, String(pattern)).not.toEqual([]);
  return found;
};
const names = (text: string | undefined) => all(text ?? "", /"(\w+)"/g);

const rates = source("tenants/rates.go");
const kinds = source("internal/post/kinds.go");

test("each action that has rates has a row, and is counted by what it can be", () => {
  const without = {
    user: names(/rateWithoutUser = Names\{([^}]*)\}/.exec(rates)?.[1]),
    key: names(/rateWithoutKey\s+= Names\{([^}]*)\}/.exec(rates)?.[1]),
  };
  const ids = (path: string) => Object.keys(at(path).properties ?? {}).sort();
  expect(accountActions.map((a) => a.id).sort()).toEqual(ids("account.rate_limits"));
  expect(providerActions.map((a) => a.id).sort()).toEqual(ids("idp_oidc.rate_limits"));
  for (const action of [...accountActions, ...providerActions]) {
    const can: Per[] = (["ip", "user", "key"] as const).filter(
      (per) => per === "ip" || !without[per].includes(action.id),
    );
    expect([action.id, action.per]).toEqual([action.id, can]);
  }
});

test("rates have the server's bounds, and its defaults are read and written as they are", () => {
  const bound = (name: string) =>
    Number((all(rates, new RegExp(`${name}\\s+= ([\\d_]+)`, "g"))[0] ?? "").replace(/_/g, ""));
  const amount = bound("maxRateAmount");
  expect(parseRates(`${amount}/m`)).toHaveLength(1);
  expect(() => parseRates(`${amount + 1}/m`)).toThrow();
  const days = Number(all(rates, /maxRateWindow = (\d+) \* 24 \* time\.Hour/g)[0]);
  expect(parseRates(`1/${days}d`)).toHaveLength(1);
  expect(() => parseRates(`1/${days + 1}d`)).toThrow();
  const least = Number(all(rates, /minRateWindow = (\d+) \* time\.Millisecond/g)[0]);
  expect(parseRates(`1/${least / 1000}s`)).toHaveLength(1);
  expect(() => parseRates(`1/${(least - 1) / 1000}s`)).toThrow();
  const many = (n: number) => Array.from({ length: n }, (_, i) => `1/${i + 1}m`).join();
  expect(parseRates(many(bound("maxRates")))).toHaveLength(bound("maxRates"));
  expect(() => parseRates(many(bound("maxRates") + 1))).toThrow();
  for (const action of accountActions) {
    const text = String(at(`account.rate_limits.${action.id}`).default);
    expect(writeRates(parseRates(text))).toBe(text);
  }
  // With a code people wait at the screen: the row of this action says so.
  const byCode = all(rates, /confirmByCodeRate = "([^"]+)"/g)[0];
  expect(source("web/admin/src/screens/protection/RateLimits.tsx")).toContain(`fallback = "${byCode}"`);
});

test("each kind of message, and what its templates may name, has words", () => {
  const kind = all(kinds, /Name: "(\w+)"/g);
  expect(kind.filter((k) => whenOf(k) === "" || labelOf(k) === "")).toEqual([]);
  const lists = all(kinds, /(?:Variables: |Concat\(|event = |return )\[\]string\{([^}]*)\}/g);
  expect(lists.flatMap(names).filter((v) => meaningOf(v) === "")).toEqual([]);
  expect(Object.keys(channels)).toEqual(all(source("internal/store/messages.go"), /\w+ +Channel = "(\w+)"/g));
});

test("the providers that are known by name are those that are built in", () => {
  const files = readdirSync(new URL("../../../internal/provider", import.meta.url)).filter(
    (f) => f.endsWith(".go") && !f.endsWith("_test.go"),
  );
  // Each is a value with a name; the ids are in a table of those.
  const values = files.flatMap((f) => source(`internal/provider/${f}`).split(/^(?:var |\t(?=\w+ += ownServer))/m));
  const called = new Map(
    values.flatMap((v) => {
      const [, value, name] = /^(\w+) += (?:known\{[^{]*?\bname:\s+|ownServer\()"([^"]+)"/.exec(v) ?? [];
      return value && name ? [[value, name] as const] : [];
    }),
  );
  const table = /builtIn = map\[string\]known\{\n(.*?)^\}/ms.exec(source("internal/provider/known.go"))?.[1] ?? "";
  const rows = table.trim().split("\n");
  const builtIn = rows.map((row) => {
    const [, id, value] = /^\t*(?:"(\w+)"|manyServers): +(\w+),$/.exec(row) ?? [];
    return [id ?? "openid_connect", called.get(value ?? "")];
  });
  // The dummy is a development server's alone, and is added by its id.
  const offered = builtIn.filter(([id]) => id !== "dummy");
  expect(offered.length).toBe(builtIn.length - 1);
  expect(known.map((k) => [k.id, k.name]).sort()).toEqual(offered.sort());
});

test("each setting of an app has a field, those of SAML where that is spoken and nowhere else", () => {
  const app = at("socialaccount.providers.any.apps").items as Node;
  const meanings = all(/meanings = \[\]string\{([^}]*)\}/.exec(source("tenants/validate.go"))?.[1] ?? "", /"(\w+)"/g); // of attributes, which the schema has by any name
  const settings = (node: Node, path = ""): string[] => {
    const below = path.endsWith("attribute_mapping") ? meanings : Object.keys(node.properties ?? {});
    return below.length === 0
      ? [path]
      : below.flatMap((key) => settings(nodeAt(node, key) as Node, path === "" ? key : `${path}.${key}`));
  };
  const fields = (id: string) => [...neededBy(id), ...moreOf(id)].flatMap((part) => part.fields).sort();
  const there = settings(app);
  const ofSAML = there.filter((path) => {
    const [, top] = path.split(".");
    return top && nodeAt(app, `settings.${top}`)?.description?.includes("(saml)");
  });
  expect(ofSAML.length).toBeGreaterThan(15);
  const others = [...known.map((k) => k.id), "mastodon"].filter((id) => id !== "saml");
  expect([...new Set(others.flatMap(fields))].sort()).toEqual(there.filter((path) => !ofSAML.includes(path)).sort());
  const shared = ["client_id", "name", "provider_id"].concat(
    ["hidden", "email_authentication", "email_authentication_auto_connect", "verified_email"].map(
      (key) => `settings.${key}`,
    ),
  );
  expect(fields("saml")).toEqual([...shared, ...ofSAML].sort());
  for (const id of [...others, "saml"]) {
    expect(fields(id), id).toEqual([...new Set(fields(id))]);
    expect(
      [...neededBy(id), ...moreOf(id)].flatMap((part) => part.of ?? []).filter((of) => !nodeAt(app, of)),
      id,
    ).toEqual([]);
  }
  expect(turned.filter((field) => nodeAt(app, field)?.["x-default"] !== "true")).toEqual([]); // off means that it is not set
  const formats = all(source("internal/saml/saml.go"), /Format\w+ += "(urn:[^"]+)"/g);
  expect(choicesOf["settings.advanced.name_id_format"]?.map((c) => c.value)).toEqual(
    expect.arrayContaining(formats.filter((f) => /emailAddress|transient/.test(f))),
  );
});

test("what signup can ask for has names, and codes look as the server makes them", () => {
  const fields = (at("account.signup_fields").items?.enum ?? []).map(String);
  expect(Object.keys(fieldNames).sort()).toEqual(fields.filter((f) => !f.endsWith("*")).sort());
  const format = at("common.user_code_format");
  expect(formatOf(undefined)).toEqual(format.default);
  expect(formatOf({ numeric: true }).length).toBe(
    Number(/8, or (\d+) where numeric/.exec(nodeAt(format, "length")?.["x-default"] ?? "")?.[1]),
  );
  expect(exampleCode(formatOf({ length: nodeAt(format, "length")?.maximum })).replace("-", "")).toHaveLength(32);
});

// Where a screen has to know what is so while nothing is set.
test.each([
  ["Protection.tsx", /prevent_enumeration"\) \?\? (\w+)/g, "account.prevent_enumeration"],
  ["Protection.tsx", /signup_enabled"\) \?\? (\w+)/g, "account.signup_enabled"],
  ["Protection.tsx", /argon2id_memory"\) \?\? ([\d_]+)/g, "passwords.argon2id_memory"],
  ["Mfa.tsx", /string\[\] \| undefined\) \?\? (\[[^\]]*\])/g, "mfa.supported_types"],
  ["sign-in-methods/SignupFields.tsx", /byDefault = (\[[^\]]*\])/g, "account.signup_fields"],
  ["Urls.tsx", /samesite"\) \?\? ("\w+")/g, "cookies.samesite"],
])("%s has the server's default: %s", (file, pattern, path) => {
  const texts = all(source(`web/admin/src/screens/${file}`), pattern);
  for (const text of texts) {
    expect(JSON.parse(text.replace(/(\d)_(?=\d)/g, "$1").replace(/,\s*\]/, "]"))).toEqual(at(path).default);
  }
});

test("a colour that is not set is the one that mails have", () => {
  const builtIn = all(source("internal/post/mail.go"), /vars\["colour"\] = "(#\w+)"/g);
  expect(all(source("web/admin/src/screens/email/Colour.tsx"), /builtIn = "(#\w+)"/g)).toEqual(builtIn);
});
