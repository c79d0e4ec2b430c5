// How people make accounts and get into them, and what front ends are told of it.
import { Anchor, Stack } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Section } from "../parts/Section";
import { sh } from "../parts/sh";
import type { Draft } from "../settings/draft";
import { More } from "../settings/More";
import { Setting } from "../settings/Setting";
import { SettingsScreen } from "../settings/SettingsScreen";
import { CodeFormat } from "./sign-in-methods/CodeFormat";
import { PreviewPane } from "./sign-in-methods/PreviewPane";
import { Recovery } from "./sign-in-methods/Recovery";
import { SignupFields } from "./sign-in-methods/SignupFields";
import { Verification } from "./sign-in-methods/Verification";

export default function SignInMethods() {
  return (
    <SettingsScreen
      title="Sign-in methods"
      lead="Who may make an account, what they sign in with, and what they have to prove. The preview shows what your front end is told to offer."
      commands={(slug) => [sh`admin tenant preview ${slug}`, sh`admin tenant patch ${slug} --config changes.json`]}
      preview
    >
      {(draft, readOnly, checked) => (
        <div className="beside">
          <Stack gap="lg">
            <Anchor href="#preview" size="sm" hiddenFrom="lg">
              What front ends are told, below
            </Anchor>
            <Signup draft={draft} readOnly={readOnly} />
            <Login draft={draft} readOnly={readOnly} />
            <Verification draft={draft} readOnly={readOnly} />
            <Recovery draft={draft} readOnly={readOnly} />
          </Stack>
          <PreviewPane draft={draft} checked={checked} />
        </div>
      )}
    </SettingsScreen>
  );
}

interface PartProps {
  draft: Draft;
  readOnly: boolean;
}

function Signup({ draft, readOnly }: PartProps) {
  const common = { draft, readOnly };
  return (
    <Section title="Signing up" lead="Whether people make accounts for themselves, and what they are asked for.">
      <Setting
        {...common}
        path="account.signup_enabled"
        label="Open for signup"
        description="Closed, only operators make accounts: by hand, by an invitation or by an import."
      />
      <SignupFields {...common} />
      <More
        label="More of signing up"
        draft={draft}
        paths={[
          "account.signup_form_honeypot_field",
          "account.user_model_username_field",
          "account.username_",
          "account.preserve_username_casing",
          "account.user_display",
        ]}
      >
        <Setting
          {...common}
          path="account.signup_form_honeypot_field"
          label="Trap for robots"
          description="A field that people never see and leave empty. Whoever fills it in is answered believably, and gets no account. Name it like something real, such as website."
          fallback="no such field"
          placeholder="website"
        />
        <Setting
          {...common}
          path="account.user_model_username_field"
          label="Usernames"
          description="Without them, accounts are known by their address or number alone."
          names={{ username: "Accounts have usernames", "": "No usernames" }}
        />
        <Setting
          {...common}
          path="account.username_min_length"
          label="Shortest username"
          unit="characters"
          description="The fewest characters that a username may have."
        />
        <Setting
          {...common}
          path="account.username_blacklist"
          label="Usernames that nobody may choose"
          description="Compared without case, such as admin or support."
        />
        <Setting
          {...common}
          path="account.preserve_username_casing"
          label="Keep capitals in usernames"
          description="Without it they are stored in lower case."
        />
        <Setting
          {...common}
          path="account.user_display"
          label="Accounts are shown by"
          names={{ username: "Username", email: "Email address", name: "Name" }}
        />
      </More>
    </Section>
  );
}

function Login({ draft, readOnly }: PartProps) {
  const common = { draft, readOnly };
  const keys = (draft.value("config.mfa.supported_types") as string[] | undefined)?.includes("webauthn") ?? false;
  const secondFactors = (
    <>
      {!keys && (
        <>
          {" "}
          It needs security keys and passkeys under{" "}
          <Anchor component={Link} to={`/tenants/${draft.slug}/mfa`} size="xs">
            Second factors
          </Anchor>
          .
        </>
      )}
    </>
  );
  const codes = "account.login_by_code_";
  return (
    <Section title="Signing in">
      <Setting
        {...common}
        path="account.login_methods"
        label="People sign in with"
        description="What goes into the first field of the sign-in form, beside the password."
        names={{ username: "Username", email: "Email address", phone: "Phone number" }}
      />
      <Setting
        {...common}
        path="account.login_by_code_enabled"
        label="A code instead of a password"
        description="People may ask for a code by mail or SMS, and sign in with it."
      />
      <Setting
        {...common}
        path="mfa.passkey_login_enabled"
        label="A passkey instead of a password"
        description={<>A passkey alone signs in, and counts as both factors.{secondFactors}</>}
      />
      <Setting
        {...common}
        path="mfa.passkey_signup_enabled"
        label="Sign up with a passkey"
        description={
          <>People may make an account without a password. Addresses must then be verified by code.{secondFactors}</>
        }
      />
      <Setting
        {...common}
        path="account.login_by_code_required"
        label="A code on top of"
        description="A login of these kinds is not complete before a code was typed that is sent to the account's address."
        names={{ password: "A password", mfa: "A second factor", socialaccount: "A provider" }}
        fallback="none of them"
      />
      <More
        label="Details of sign-in codes"
        draft={draft}
        paths={[
          `${codes}timeout`,
          `${codes}max_attempts`,
          `${codes}supports_resend`,
          `${codes}format`,
          `${codes}trust`,
          "common.user_code_format",
        ]}
      >
        <Setting {...common} path={`${codes}timeout`} label="A code is good for" />
        <Setting {...common} path={`${codes}max_attempts`} label="Wrong codes until the sign-in ends" unit="tries" />
        <Setting {...common} path={`${codes}supports_resend`} label="A new code may be asked for" />
        <Setting
          {...common}
          path={`${codes}trust_enabled`}
          label="Trust browsers"
          description="A browser that gave a required code once may be trusted, and is not asked again."
        />
        <CodeFormat {...common} path={`${codes}format`} label="Shape of sign-in codes" />
        <CodeFormat {...common} path="common.user_code_format" label="Shape of all codes" />
      </More>
    </Section>
  );
}
