// What a new tenant is to be: its starting points, and what is sent for it. Pure, so that what is shown before is what is made.
import type { Schema } from "../../api/client";
import { type Line, sh } from "../../parts/sh";
import { type JsonObject, patched, valueAt, withValue } from "../../settings/patch";

interface Preset {
  id: string;
  title: string;
  text: string;
  /** What people will meet, in words. */
  means: string[];
  config: JsonObject;
}

const byEmail: JsonObject = { login_methods: ["email"], signup_fields: ["email*", "password1*"] };

export const presets: Preset[] = [
  {
    id: "blank",
    title: "Plain",
    text: "Email and password, and nothing else decided yet.",
    means: ["People sign in with email and password", "Anybody may sign up", "Addresses are verified when people like"],
    config: { account: byEmail },
  },
  {
    id: "web",
    title: "Consumer web app",
    text: "A single-page app or a site, in browsers, for everybody.",
    means: [
      "Email and password, a code by mail, or a passkey",
      "Anybody may sign up; addresses are proved by a code first",
      "People may add an authenticator app, and have a browser trusted",
      "Cookies for browsers; no tokens for apps",
    ],
    config: {
      account: {
        ...byEmail,
        email_verification: "mandatory",
        email_verification_by_code_enabled: true,
        email_verification_supports_resend: true,
        login_by_code_enabled: true,
        email_notifications: true,
      },
      headless: { clients: ["browser"] },
      mfa: {
        supported_types: ["recovery_codes", "totp", "webauthn"],
        passkey_login_enabled: true,
        trust_enabled: true,
      },
    },
  },
  {
    id: "mobile",
    title: "Mobile app",
    text: "An app on phones, and an API that checks its tokens.",
    means: [
      "Email and password, or a code by mail",
      "Everything is typed in as a code: no links that leave the app",
      "Access tokens that your API checks by itself, renewed by the app",
    ],
    config: {
      account: {
        ...byEmail,
        email_verification: "mandatory",
        email_verification_by_code_enabled: true,
        email_verification_supports_resend: true,
        login_by_code_enabled: true,
        password_reset_by_code_enabled: true,
      },
      headless: { clients: ["app"], token_strategy: "jwt" },
    },
  },
  {
    id: "invite",
    title: "By invitation",
    text: "A tool for a team or for customers whom you know.",
    means: [
      "Nobody signs up: you invite people, and they set a password",
      "Answers do not tell whether an address has an account",
      "People may add an authenticator app or a security key",
    ],
    config: {
      account: {
        ...byEmail,
        signup_enabled: false,
        email_verification: "mandatory",
        email_notifications: true,
        reauthentication_required: true,
      },
      mfa: { supported_types: ["recovery_codes", "totp", "webauthn"] },
    },
  },
];

export interface Plan {
  name: string;
  slug: string;
  hosts: string[];
  publicURL: string;
  /** The id of a preset, or "template". */
  start: string;
  template: string;
  templateSecrets: boolean;
  note: string;
}

export const slugPattern = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/** A slug that a name suggests; "" if it suggests none. */
export function slugOf(name: string): string {
  return name
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll("ß", "ss")
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 63)
    .replace(/-+$/, "");
}

/** What is wrong with hosts, as far as that is seen without asking the server; undefined for nothing. */
export function hostsWrong(hosts: string[]): string | undefined {
  const bad = hosts.filter(
    (host) => !/^[\p{L}\p{N}]([\p{L}\p{N}.-]*[\p{L}\p{N}])?(:\d+)?$/u.test(host) && !/^\[[0-9a-f:.]+\]/.test(host),
  );
  return bad.length > 0 ? `${bad.join(", ")}: a host is a name such as auth.example.org.` : undefined;
}

/** What is wrong with a public URL, as far as that is seen without asking the server; undefined for nothing. */
export function urlWrong(url: string): string | undefined {
  const typed = url.trim();
  return typed !== "" && !(/^https?:\/\//i.test(typed) && URL.canParse(typed))
    ? "Enter an address such as https://id.example.org."
    : undefined;
}

/** The configuration that is sent: of a preset, or what is changed of a template. */
export function configOf(plan: Plan): JsonObject {
  const preset = presets.find((p) => p.id === plan.start);
  const config = preset?.config ?? {};
  const url = plan.publicURL.trim();
  return url ? { ...config, public_url: url } : config;
}

export function bodyOf(plan: Plan): Schema<"NewTenant"> {
  const config = configOf(plan);
  return {
    slug: plan.slug,
    name: plan.name.trim(),
    hosts: plan.hosts,
    ...(Object.keys(config).length > 0 ? { config } : {}),
    ...(plan.note.trim() ? { note: plan.note.trim() } : {}),
    ...(plan.start === "template" ? { template: plan.template } : {}),
    template_secrets: plan.start === "template" && plan.templateSecrets,
  };
}

/** What is bound to the hosts of a tenant, and stays behind when another is made like it. */
const bound = [
  "public_url",
  "cookies.domain",
  "mfa.trust_cookie_domain",
  "mfa.webauthn_rp_id",
  "mfa.webauthn_rp_origins",
  "headless.jwt_audience",
];

/** The configuration that a tenant gets from a template, as the server will make it but for pages and origins on the template's hosts. */
export function likeTemplate(config: JsonObject, plan: Plan): JsonObject {
  let result = config;
  for (const path of [...bound, "headless.jwt_private_key"]) {
    if (valueAt(result, path.split(".")) !== undefined) {
      result = withValue(result, path.split("."), undefined);
    }
  }
  if (!plan.templateSecrets) {
    result = withoutSecrets(result);
  }
  return patched(result, configOf(plan)) as JsonObject;
}

/** Secrets are shown masked: what is masked is one. */
function withoutSecrets(config: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(config)) {
    if (typeof value === "string" && value.includes("********")) {
      continue;
    }
    result[key] = typeof value === "object" && value !== null && !Array.isArray(value) ? withoutSecrets(value) : value;
  }
  return result;
}

/** The command that makes the same tenant. The configuration is in a file beside it. */
export function commandOf(plan: Plan): Line {
  const like = plan.start === "template";
  const flags = [
    ...plan.hosts.map((host) => sh`--host ${host}`),
    like ? sh`--template ${plan.template || "SLUG"}` : undefined,
    like && plan.templateSecrets ? sh`--template-secrets` : undefined,
    Object.keys(configOf(plan)).length > 0 ? sh`--config config.json` : undefined,
    plan.note.trim() ? sh`--note ${plan.note.trim()}` : undefined,
  ];
  return sh`admin tenant create ${plan.slug || "SLUG"} --name ${plan.name.trim() || "NAME"} ${flags}`;
}

/** What a fault is about: the field that it belongs beside, or "" where it has none on this screen. */
export function fieldOf(path: string): "name" | "slug" | "hosts" | "publicURL" | "template" | "note" | "" {
  if (path === "config.public_url") {
    return "publicURL";
  }
  const first = path.split(/[.[]/)[0] ?? "";
  if (first === "template" || first === "template_secrets") {
    return "template";
  }
  return first === "name" || first === "slug" || first === "hosts" || first === "note" ? first : "";
}
