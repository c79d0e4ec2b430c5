// Where the tenant is, where its front end is, and what browsers let pages do.

import { Anchor, Stack } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Notice } from "../parts/Notice";
import { Section } from "../parts/Section";
import { sh } from "../parts/sh";
import { useMay } from "../session/me";
import type { Draft } from "../settings/draft";
import { More } from "../settings/More";
import { valueAt } from "../settings/patch";
import { Setting } from "../settings/Setting";
import { SettingsScreen } from "../settings/SettingsScreen";
import { nodeAt, useSchema } from "../settings/schema";
import { cookiesInWords, filled, publicURL } from "./urls/effective";
import { Hosts } from "./urls/Hosts";

export default function Urls() {
  return (
    <SettingsScreen
      title="URLs, hosts and CORS"
      lead="Where the tenant is, where its links lead, and which pages may call it."
      commands={(slug) => [
        sh`admin tenant host add ${slug} login.example.org`,
        sh`admin tenant host remove ${slug} login.example.org --yes`,
        sh`admin doctor https://login.example.org --tenant ${slug}`,
        sh`admin tenant patch ${slug} --config changes.json`,
      ]}
    >
      {(draft, readOnly) => (
        <Stack gap="lg">
          <Here draft={draft} readOnly={readOnly} />
          <FrontEnd draft={draft} readOnly={readOnly} />
          <Browsers draft={draft} readOnly={readOnly} />
        </Stack>
      )}
    </SettingsScreen>
  );
}

interface PartProps {
  draft: Draft;
  readOnly: boolean;
}

function Here({ draft, readOnly }: PartProps) {
  const url = publicURL(draft);
  const before = valueAt(draft.base, ["config", "public_url"]);
  const first = ((draft.value("hosts") ?? []) as string[])[0];
  const moves = before !== draft.value("config.public_url");
  const may = useMay();
  return (
    <Section
      title="Where the tenant is"
      actions={
        may("doctor.run") && url ? (
          <Anchor component={Link} to={`/tenants/${draft.slug}/doctor`} search={{ url } as never} size="sm">
            What the doctor says of it
          </Anchor>
        ) : undefined
      }
    >
      <Hosts draft={draft} readOnly={readOnly} />
      <Setting
        draft={draft}
        readOnly={readOnly}
        path="public_url"
        label="Public URL"
        description="Scheme, host and port. Links in mails, the issuer of tokens, the domain of passkeys and every redirect are built from it, and never from a request."
        fallback={first ? `https://${first}` : "none, since there are no hosts"}
        placeholder="https://login.example.org"
      />
      {moves && (
        <Notice kind="warning" title="This moves the tenant's identity" live>
          Tokens that are out there end, since their issuer is another one. Links in mails that were sent lead to the
          old address. Passkeys stay with the domain that they were made for.
        </Notice>
      )}
    </Section>
  );
}

const pages = [
  ["account_confirm_email", "Verify an address", "Where the link in a verification mail leads; {key} is filled in."],
  ["account_reset_password", "Ask for a password reset", "Where people ask for a reset."],
  [
    "account_reset_password_from_key",
    "Set a new password",
    "Where the link in a reset mail leads; {key} is filled in.",
  ],
  ["account_signup", "Sign up", "Where people make an account."],
  [
    "socialaccount_login_error",
    "A provider's sign-in failed",
    "Where a provider's sign-in leads that fails before its own page is known.",
  ],
] as const;

function FrontEnd({ draft, readOnly }: PartProps) {
  const { data: schema } = useSchema();
  const url = publicURL(draft);
  return (
    <Section
      title="Pages of your front end"
      lead="Mails and redirects lead to them. They are yours: this server has no pages for people who sign in."
    >
      {pages.map(([key, label, description]) => {
        const path = `headless.frontend_urls.${key}`;
        const fallback = filled(schema && nodeAt(schema, path)?.["x-default"], url);
        return (
          <Setting
            key={key}
            draft={draft}
            readOnly={readOnly}
            path={path}
            label={label}
            description={description}
            fallback={fallback}
            wide
          />
        );
      })}
    </Section>
  );
}

function Browsers({ draft, readOnly }: PartProps) {
  const common = { draft, readOnly };
  const secure = draft.value("config.cookies.secure");
  return (
    <Section
      title="Browsers"
      lead="Needed where your front end is on another origin than the tenant. On the same one, nothing here has to be set."
    >
      <Setting
        {...common}
        path="cors.allowed_origins"
        label="Pages that may call the API"
        description="Exact origins such as https://app.example.org, or https://*.example.org for every subdomain. They pass the CSRF check, too. Never all: answers carry credentials."
        placeholder="https://app.example.org"
      />
      <More label="How long browsers remember it" draft={draft} paths={["cors.max_age"]}>
        <Setting
          {...common}
          path="cors.max_age"
          label="Remember for"
          description="How long a browser does not ask again whether an origin is allowed."
        />
      </More>
      <Setting
        {...common}
        path="cookies.domain"
        label="Cookies are shared with"
        description="A domain above the tenant's host, so that a front end beside it can read the CSRF token. Only if nobody else's pages are below it."
        fallback="the tenant's host alone"
        placeholder="example.org"
      />
      <Setting
        {...common}
        path="cookies.samesite"
        label="Sent from other sites"
        description="Another site is one of another registered domain: app.example.org and login.example.org are the same site."
        names={{ Lax: "Lax", Strict: "Strict", None: "None" }}
        help={{
          Lax: "When people follow a link here. Right for nearly everybody.",
          Strict: "Never.",
          None: "Always. For front ends of another site; cookies must then be over https alone, and some browsers refuse them all the same.",
        }}
      />
      <Setting
        {...common}
        path="cookies.secure"
        label="Over https alone"
        description="Whether browsers send cookies over https alone. By default they do where the public URL is https."
        names={{ true: "Yes", false: "No" }}
        fallback="as the public URL"
      />
      <Notice kind="info" title="What this means together" live>
        <span className="foreign">
          {cookiesInWords({
            url: publicURL(draft),
            domain: String(draft.value("config.cookies.domain") ?? ""),
            sameSite: String(draft.value("config.cookies.samesite") ?? "Lax"),
            secure: typeof secure === "boolean" ? secure : undefined,
          })}
        </span>
      </Notice>
    </Section>
  );
}
