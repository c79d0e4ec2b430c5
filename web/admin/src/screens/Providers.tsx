// Identity providers: the apps that are registered at them, and what a sign-in through one does.
import { Bars } from "../parts/Loaded";
import { Section } from "../parts/Section";
import { sh } from "../parts/sh";
import type { Draft } from "../settings/draft";
import { More } from "../settings/More";
import { Setting } from "../settings/Setting";
import { SettingsScreen } from "../settings/SettingsScreen";
import { Apps, useApps } from "./providers/Apps";

export default function Providers() {
  return (
    <SettingsScreen
      title="Providers"
      lead="Identity providers that people sign in through, such as Google, or your own server that speaks OpenID Connect or SAML."
      commands={(slug) => [
        sh`admin provider list --tenant ${slug}`,
        sh`admin provider test google CLIENT_ID --tenant ${slug}`,
        sh`admin tenant patch ${slug} --config changes.json`,
      ]}
    >
      {(draft, readOnly) => <Both draft={draft} readOnly={readOnly} />}
    </SettingsScreen>
  );
}

function Both(props: { draft: Draft; readOnly: boolean }) {
  // How much there is to say of each app is known by then: nothing moves when it comes.
  if (useApps(props.draft.slug).isPending) {
    return <Bars lines={8} />;
  }
  return (
    <>
      <Apps {...props} />
      <Rules {...props} />
    </>
  );
}

function Rules({ draft, readOnly }: { draft: Draft; readOnly: boolean }) {
  const common = { draft, readOnly };
  const social = (key: string) => `socialaccount.${key}`;
  return (
    <Section title="What a sign-in through a provider does">
      <Setting
        {...common}
        path={social("auto_signup")}
        label="Make an account without asking"
        description="At a first sign-in, where the provider tells enough."
      />
      <Setting
        {...common}
        path={social("email_authentication")}
        label="A verified address signs in"
        description="In to the account that has the address. Whoever runs the provider can then get into any account: only for providers that you trust with all of them."
      />
      <Setting
        {...common}
        path={social("email_authentication_auto_connect")}
        label="And connects the two"
        description="Such a sign-in connects the account with the provider for good."
      />
      <Setting
        {...common}
        path={social("only")}
        label="Providers are the only way in"
        description="No passwords and no codes. It takes addresses that are not verified here, and no sign-in by code."
      />
      <More
        label="More of these sign-ins"
        draft={draft}
        paths={[
          "email_required",
          "email_verification",
          "query_email",
          "store_tokens",
          "requests_timeout",
          "openid_connect_url_prefix",
        ].map(social)}
      >
        <Setting
          {...common}
          path={social("email_required")}
          label="An account needs an address"
          fallback="where signup requires one"
        />
        <Setting
          {...common}
          path={social("email_verification")}
          label="Addresses are verified"
          names={{ none: "Not", optional: "They may be", mandatory: "They must be" }}
          fallback="as at a signup"
        />
        <Setting
          {...common}
          path={social("query_email")}
          label="Ask providers for the address"
          fallback="where one is needed"
        />
        <Setting
          {...common}
          path={social("store_tokens")}
          label="Keep the providers' tokens"
          description="Sealed, for calling the provider in a user's name."
        />
        <Setting {...common} path={social("requests_timeout")} label="A provider may take" />
        <Setting
          {...common}
          path={social("openid_connect_url_prefix")}
          label="Part of OpenID Connect callback URLs"
          description="Another one changes the callback URLs, which have to be registered anew."
        />
      </More>
    </Section>
  );
}
