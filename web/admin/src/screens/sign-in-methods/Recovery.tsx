// Forgotten and changed passwords, and what people are mailed about their accounts.
import { Section } from "../../parts/Section";
import type { Draft } from "../../settings/draft";
import { More } from "../../settings/More";
import { Setting } from "../../settings/Setting";
import { CodeFormat } from "./CodeFormat";

export function Recovery({ draft, readOnly }: { draft: Draft; readOnly: boolean }) {
  const common = { draft, readOnly };
  const reset = "account.password_reset_";
  const byCode = draft.value(`config.${reset}by_code_enabled`) === true;
  return (
    <Section title="Passwords and notices">
      <Setting
        {...common}
        path={`${reset}by_code_enabled`}
        label="Reset by a code rather than a link"
        description="People who forgot their password type a code that is mailed to them, instead of following a link."
      />
      {byCode ? (
        <More
          label="Details of reset codes"
          draft={draft}
          paths={["timeout", "max_attempts", "format"].map((p) => `${reset}by_code_${p}`)}
        >
          <Setting {...common} path={`${reset}by_code_timeout`} label="A reset code is good for" />
          <Setting {...common} path={`${reset}by_code_max_attempts`} label="Wrong codes until it ends" unit="tries" />
          <CodeFormat {...common} path={`${reset}by_code_format`} label="Shape of reset codes" />
        </More>
      ) : (
        <Setting {...common} path={`${reset}timeout`} label="A reset link is good for" />
      )}
      <Setting {...common} path="account.login_on_password_reset" label="A reset signs in" />
      <Setting
        {...common}
        path="account.logout_on_password_change"
        label="Changing the password logs out"
        description="The session that changed it ends, too. All others end in any case."
      />
      <Setting
        {...common}
        path="account.email_notifications"
        label="Tell people of changes"
        description="A mail when their password, addresses or second factors change: what a thief does is seen."
      />
      <Setting
        {...common}
        path="account.email_unknown_accounts"
        label="Tell strangers that there is no account"
        description="Whoever asks for a reset or a code with an address that has none is mailed that it has none. The answer of the API is the same either way."
      />
    </Section>
  );
}
