import { expect, test } from "vitest";
import type { Node } from "../../settings/schema";
import { above, documentSchema, keyOf, nodeIn, noted, pathAt, said, siblings, valuesOf } from "./yaml";

const config: Node = {
  type: "object",
  properties: {
    account: {
      type: "object",
      properties: {
        login_methods: { type: "array", items: { enum: ["email", "username"] }, default: ["username"] },
        unique_email: { type: "boolean", default: true, description: "One account an address." },
      },
    },
    email: {
      type: "object",
      properties: {
        templates: {
          type: "object",
          additionalProperties: { type: "object", properties: { subject: { type: "string" } } },
        },
      },
    },
  },
};

const text = [
  "name: Demo",
  "config:",
  "  account:",
  "    # how",
  "    login_methods:",
  "    - email",
  "    - username",
  "    unique_email: true",
  "  email:",
  "    templates:",
  "      login_code:",
  '        "subject": Hello',
];

test("a line's key and how far in it stands", () => {
  expect(keyOf("    unique_email: true")).toEqual({ key: "unique_email", indent: 4 });
  expect(keyOf('  "a b": 1')).toEqual({ key: "a b", indent: 2 });
  expect(keyOf("  - id: x")).toEqual({ key: "id", indent: 4 });
  expect(keyOf("  - email")).toBeUndefined();
  expect(keyOf("  # account: no")).toBeUndefined();
  expect(keyOf("http://x")).toBeUndefined();
});

test("where one is follows from the indentation", () => {
  expect(pathAt(text, 7)).toEqual(["config", "account", "unique_email"]);
  expect(pathAt(text, 5)).toEqual(["config", "account", "login_methods"]);
  expect(pathAt(text, 11)).toEqual(["config", "email", "templates", "login_code", "subject"]);
  expect(pathAt(text, 3)).toBeUndefined();
  expect(above(text, 12, 4)).toEqual(["config", "email"]);
  expect(above(text, 12, 0)).toEqual([]);
});

test("the schema knows each place, those included that people name", () => {
  const schema = documentSchema(config);
  expect(nodeIn(schema, ["config", "account", "unique_email"])?.default).toBe(true);
  expect(nodeIn(schema, ["config", "email", "templates", "anything", "subject"])?.type).toBe("string");
  expect(nodeIn(schema, ["config", "nope"])).toBeUndefined();
  expect(nodeIn(schema, ["config", "__proto__"])).toBeUndefined();
  expect(valuesOf(nodeIn(schema, ["config", "account", "login_methods"]) as Node)).toEqual(["email", "username"]);
  expect(said(nodeIn(schema, ["config", "account", "unique_email"]) as Node, (n) => String(n.default))).toBe(
    "One account an address. May be true, false. Default: true.",
  );
});

test("keys that stand beside one another", () => {
  expect([...siblings(text, 7, 4)]).toEqual(["login_methods"]);
  expect([...siblings(text, 3, 2)].sort()).toEqual(["account", "email"]);
});

test("a note goes to the end of a document that has none", () => {
  expect(noted("name: Demo\n", 'as "asked"')).toBe('name: Demo\nnote: "as \\"asked\\""\n');
  expect(noted("name: Demo", "")).toBe("name: Demo");
  expect(noted("name: Demo\nnote: mine\n", "x")).toBeUndefined();
  expect(noted('{"name": "Demo"}', "x")).toBeUndefined();
});
