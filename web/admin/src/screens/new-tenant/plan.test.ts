import { expect, test } from "vitest";
import { bodyOf, commandOf, configOf, fieldOf, likeTemplate, type Plan, slugOf, slugPattern } from "./plan";

const plan: Plan = {
  name: " Acme Rockets ",
  slug: "acme",
  hosts: ["auth.acme.example"],
  publicURL: "",
  start: "blank",
  template: "",
  templateSecrets: false,
  note: "",
};

test("a slug is suggested by what the name is made of", () => {
  expect(slugOf("Acme Rockets, Inc.")).toBe("acme-rockets-inc");
  expect(slugOf("  Größe & Café  ")).toBe("grosse-cafe");
  expect(slugOf("日本")).toBe("");
  expect(slugOf(`${"a".repeat(62)} b`)).toBe("a".repeat(62));
  for (const name of ["A", "x-y", "--9--"]) {
    expect(slugOf(name)).toMatch(slugPattern);
  }
});

test("what is sent, and the command that does the same", () => {
  expect(bodyOf(plan)).toEqual({
    slug: "acme",
    name: "Acme Rockets",
    hosts: ["auth.acme.example"],
    config: { account: { login_methods: ["email"], signup_fields: ["email*", "password1*"] } },
    template_secrets: false,
  });
  const like = {
    ...plan,
    start: "template",
    template: "base",
    publicURL: "https://id.acme.example",
    templateSecrets: true,
    note: "a trial",
  };
  expect(bodyOf(like)).toMatchObject({
    template: "base",
    template_secrets: true,
    config: { public_url: "https://id.acme.example" },
  });
  expect(String(commandOf(like))).toBe(
    "admin tenant create acme --name 'Acme Rockets' --host auth.acme.example --template base --template-secrets --config config.json --note 'a trial'",
  );
  expect(configOf({ ...like, publicURL: "" })).toEqual({});
});

test("a template leaves behind what is bound to its hosts, and its secrets", () => {
  const config = {
    public_url: "https://old.example",
    headless: { jwt_audience: "x", jwt_private_key: "********", clients: ["app"] },
    email: { smtp_url: "smtp://user:********@mail.example", from: "a@b.example" },
    mfa: { webauthn_rp_id: "old.example" },
  };
  expect(likeTemplate(config, { ...plan, start: "template" })).toEqual({
    headless: { clients: ["app"] },
    email: { from: "a@b.example" },
  });
  expect(likeTemplate(config, { ...plan, start: "template", templateSecrets: true })).toMatchObject({
    email: { smtp_url: "smtp://user:********@mail.example" },
  });
});

test("faults are told beside their fields", () => {
  expect(fieldOf("hosts[1]")).toBe("hosts");
  expect(fieldOf("config.public_url")).toBe("publicURL");
  expect(fieldOf("config.account.login_methods[0]")).toBe("");
  expect(fieldOf("slug")).toBe("slug");
  expect(fieldOf("")).toBe("");
});
