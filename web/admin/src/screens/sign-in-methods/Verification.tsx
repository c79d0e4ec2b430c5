// What people have to prove of their addresses and numbers.
import { Section } from "../../parts/Section";
import type { Draft } from "../../settings/draft";
import { More } from "../../settings/More";
import { Setting } from "../../settings/Setting";
import { CodeFormat } from "./CodeFormat";

export function Verification({ draft, readOnly }: { draft: Draft; readOnly: boolean }) {
  const common = { draft, readOnly };
  const byCode = draft.value("config.account.email_verification_by_code_enabled") === true;
  const mail = "account.email_verification_";
  const phone = "account.phone_verification_";
  return (
    <Section title="Verifying addresses and numbers">
      <Setting
        {...common}
        path="account.email_verification"
        label="Email addresses"
        names={{ none: "Are not verified", optional: "May be verified", mandatory: "Must be verified" }}
        help={{
          none: "Nobody is asked to. An address may be anybody's.",
          optional: "A mail asks for it, and people are let in whether they follow it or not.",
          mandatory: "Nobody gets in before their address is verified. Signup has to require an address.",
        }}
      />
      <Setting
        {...common}
        path={`${mail}by_code_enabled`}
        label="By a code rather than a link"
        description="The code is typed where people signed up, and logs them in. It takes addresses that must be verified."
      />
      {!byCode && (
        <Setting
          {...common}
          path="account.login_on_email_confirmation"
          label="A link signs in"
          description="Following the link also signs in the browser or app that signed up."
        />
      )}
      <More
        label={byCode ? "Details of the code" : "Details of the link"}
        draft={draft}
        paths={[
          `${mail}by_code_format`,
          `${mail}by_code_timeout`,
          `${mail}by_code_max_attempts`,
          `${mail}supports`,
          "account.email_confirmation",
        ]}
      >
        {byCode ? (
          <>
            <Setting {...common} path={`${mail}by_code_timeout`} label="A code is good for" />
            <Setting {...common} path={`${mail}by_code_max_attempts`} label="Wrong codes until it ends" unit="tries" />
            <Setting {...common} path={`${mail}supports_resend`} label="A new code may be asked for" />
            <Setting {...common} path={`${mail}supports_change`} label="A mistyped address may be changed" />
            <CodeFormat {...common} path={`${mail}by_code_format`} label="Shape of the code" />
          </>
        ) : (
          <Setting {...common} path="account.email_confirmation_expire_days" label="A link is good for" unit="days" />
        )}
      </More>
      <Setting
        {...common}
        path={`${phone}enabled`}
        label="Phone numbers are verified by SMS"
        description="A number counts only once a code that was sent to it has been typed."
      />
      <More
        label="Details of codes by SMS"
        draft={draft}
        paths={["timeout", "max_attempts", "supports_resend", "supports_change", "code_format"].map((p) => phone + p)}
      >
        <Setting {...common} path={`${phone}timeout`} label="A code is good for" />
        <Setting {...common} path={`${phone}max_attempts`} label="Wrong codes until it ends" unit="tries" />
        <Setting {...common} path={`${phone}supports_resend`} label="A new code may be asked for" />
        <Setting {...common} path={`${phone}supports_change`} label="A mistyped number may be changed" />
        <CodeFormat {...common} path={`${phone}code_format`} label="Shape of the code by SMS" />
      </More>
      <More
        label="Rules for addresses"
        draft={draft}
        paths={["change_email", "max_email_addresses", "unique_email", "email_max_length"].map((p) => `account.${p}`)}
      >
        <Setting
          {...common}
          path="account.change_email"
          label="One address that is changed"
          description="Instead of a list that people add to."
        />
        <Setting
          {...common}
          path="account.max_email_addresses"
          label="Most addresses of an account"
          fallback="as many as people like"
          unit="addresses"
        />
        <Setting
          {...common}
          path="account.unique_email"
          label="An address belongs to one account"
          description="It has to, where people sign in with addresses."
        />
        <Setting {...common} path="account.email_max_length" label="Longest address" unit="characters" />
      </More>
    </Section>
  );
}
