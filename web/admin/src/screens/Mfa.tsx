// What people can show beside a password, and what those things are like.

import { Text } from "@mantine/core";
import { hostWithoutPort } from "../parts/host";
import { Notice } from "../parts/Notice";
import { Section } from "../parts/Section";
import { sh } from "../parts/sh";
import type { Draft } from "../settings/draft";
import { More } from "../settings/More";
import { valueAt } from "../settings/patch";
import { Setting } from "../settings/Setting";
import { SettingsScreen } from "../settings/SettingsScreen";
import { Uptake } from "./mfa/Uptake";
import { publicURL } from "./urls/effective";

export default function Mfa() {
  return (
    <SettingsScreen
      title="Second factors"
      lead="What people can set up beside their password. Who has one is asked for it at each sign-in; nobody is made to have one."
      commands={(slug) => [sh`admin tenant show ${slug}`, sh`admin tenant patch ${slug} --config changes.json`]}
    >
      {(draft, readOnly) => (
        <>
          <Factors draft={draft} readOnly={readOnly} />
          <Apps draft={draft} readOnly={readOnly} />
          <Keys draft={draft} readOnly={readOnly} />
          <Trust draft={draft} readOnly={readOnly} />
        </>
      )}
    </SettingsScreen>
  );
}

interface PartProps {
  draft: Draft;
  readOnly: boolean;
}

const factors = (draft: Draft) =>
  (draft.value("config.mfa.supported_types") as string[] | undefined) ?? ["recovery_codes", "totp"];

function Factors({ draft, readOnly }: PartProps) {
  const saved = (valueAt(draft.base, ["config", "mfa", "supported_types"]) as string[] | undefined) ?? [
    "recovery_codes",
    "totp",
  ];
  const gone = saved.filter((f) => !factors(draft).includes(f));
  return (
    <Section title="Factors" actions={<Uptake slug={draft.slug} />}>
      <Setting
        draft={draft}
        readOnly={readOnly}
        path="mfa.supported_types"
        label="People can set up"
        description="What is offered from now on. What somebody has already is asked for in any case."
        names={{
          totp: "An authenticator app",
          webauthn: "Security keys and passkeys",
          recovery_codes: "Recovery codes",
        }}
        help={{
          recovery_codes: "Codes to print, for the day the phone is lost. Without them, that day is yours.",
          totp: "Six digits that change every half minute. What most people have.",
          webauthn: "Cannot be phished: a key answers to your own domain alone.",
        }}
        fallback="An authenticator app, Recovery codes"
      />
      {gone.length > 0 && (
        <Notice kind="warning" live>
          Who has set one up already is asked for it still, and can neither change nor remove it: its paths answer with
          404. An operator can remove it, under Users.
        </Notice>
      )}
      <Setting
        draft={draft}
        readOnly={readOnly}
        path="mfa.allow_unverified_email"
        label="Before the address is verified"
        description="Whether a second factor may be set up with an unverified address. Somebody who signed up with another's address could then lock them out of it."
      />
      <More label="Recovery codes" draft={draft} paths={["mfa.recovery_code"]}>
        <Setting draft={draft} readOnly={readOnly} path="mfa.recovery_code_count" label="Made at once" unit="codes" />
        <Setting draft={draft} readOnly={readOnly} path="mfa.recovery_code_digits" label="Length" unit="digits" />
        <Setting
          draft={draft}
          readOnly={readOnly}
          path="mfa.recovery_codes_show_once"
          label="Show them once"
          description="Only when they are made. Otherwise people can look at those that are left."
        />
      </More>
    </Section>
  );
}

function Apps({ draft, readOnly }: PartProps) {
  const common = { draft, readOnly };
  if (!factors(draft).includes("totp")) {
    return null;
  }
  return (
    <Section title="Authenticator apps">
      <Setting
        {...common}
        path="mfa.totp_issuer"
        label="Name in the app"
        description="What people see beside the code."
        fallback={String(draft.mine.name)}
      />
      <Setting
        {...common}
        path="mfa.totp_tolerance"
        label="Clocks may be off by"
        unit="periods"
        description="Codes of so many periods before and after the current one are taken. Each makes guessing a little easier."
      />
      <More label="Shape of the code" draft={draft} paths={["mfa.totp_digits", "mfa.totp_period"]}>
        <Text size="sm" c="dimmed">
          Many apps know 6 digits and 30 seconds alone. Both count for apps that are set up from then on.
        </Text>
        <Setting {...common} path="mfa.totp_digits" label="Length of a code" unit="digits" />
        <Setting {...common} path="mfa.totp_period" label="A code is shown for" />
      </More>
    </Section>
  );
}

function Keys({ draft, readOnly }: PartProps) {
  const common = { draft, readOnly };
  if (!factors(draft).includes("webauthn")) {
    return null;
  }
  const origin = publicURL(draft);
  const host = hostWithoutPort(origin);
  const saved = valueAt(draft.base, ["config", "mfa", "webauthn_rp_id"]);
  const changed = saved !== draft.value("config.mfa.webauthn_rp_id");
  return (
    <Section
      title="Security keys and passkeys"
      lead="A key is bound to a domain, and answers on pages of it alone. Whether a passkey signs in without a password is under Sign-in methods."
    >
      <Setting
        {...common}
        path="mfa.webauthn_rp_id"
        label="Domain that keys are bound to"
        description="The public URL's host or a domain above it, such as example.org, so that keys work on all pages below."
        fallback={host || "the host of the public URL"}
      />
      {changed && (
        <Notice kind="danger" title="Every existing key becomes useless" live>
          Keys and passkeys that people have set up are bound to {String(saved ?? host)}. After this change none of them
          works, and who has nothing else cannot sign in.
        </Notice>
      )}
      <Setting
        {...common}
        path="mfa.webauthn_rp_origins"
        label="Further origins"
        description="Where else pages may ask for a key, such as https://app.example.org. The public URL is one by itself."
        placeholder="https://app.example.org"
      />
      <Setting
        {...common}
        path="mfa.webauthn_allow_insecure_origin"
        label="Allow plain http"
        description="On the tenant's own hosts. For development."
      />
    </Section>
  );
}

function Trust({ draft, readOnly }: PartProps) {
  const common = { draft, readOnly };
  const cookie = "mfa.trust_cookie_";
  return (
    <Section title="Trusted browsers">
      <Setting
        {...common}
        path="mfa.trust_enabled"
        label="People may trust a browser"
        description="It is then not asked for a second factor again for a while. Whoever gets at the browser is not, either."
      />
      {draft.value("config.mfa.trust_enabled") === true && (
        <>
          <Setting {...common} path={`${cookie}age`} label="A browser is trusted for" />
          <More
            label="Cookie"
            draft={draft}
            paths={["name", "domain", "path", "samesite", "secure", "httponly"].map((k) => cookie + k)}
          >
            <Setting
              {...common}
              path={`${cookie}name`}
              label="Name"
              description="Another one has every browser asked again."
            />
            <Setting {...common} path={`${cookie}domain`} label="Domain" fallback="as the session cookie" />
            <Setting {...common} path={`${cookie}path`} label="Path" />
            <Setting
              {...common}
              path={`${cookie}samesite`}
              label="Sent from other sites"
              fallback="as the session cookie"
            />
            <Setting {...common} path={`${cookie}secure`} label="Over https alone" fallback="as the session cookie" />
            <Setting {...common} path={`${cookie}httponly`} label="Hidden from scripts" />
          </More>
        </>
      )}
    </Section>
  );
}
