import { Radio, Stack } from "@mantine/core";
import { useState } from "react";
import { Section } from "../parts/Section";
import { sh } from "../parts/sh";
import { useMay } from "../session/me";
import type { Draft } from "../settings/draft";
import { withValue } from "../settings/patch";
import { Setting } from "../settings/Setting";
import { SettingsScreen } from "../settings/SettingsScreen";
import { Colour } from "./email/Colour";
import { SendTest } from "./email/SendTest";

/** How a tenant's mails and text messages go out, and how they show whose they are. */
export default function Email() {
  const may = useMay();
  return (
    <SettingsScreen
      title="Email and SMS"
      lead="How this tenant's mails and text messages go out, and whose they say they are. What is left empty is as the server has it."
      commands={(slug) => [
        sh`admin mail test --tenant ${slug} --to you@example.org`,
        sh`admin tenant patch ${slug} --config config.json`,
        sh`admin mail log --tenant ${slug} --state failed`,
      ]}
    >
      {(draft, readOnly) => (
        <>
          <Section
            title="Mail"
            lead="A mail server of the tenant's own. Without one, mail goes out through the server's, which is set when the server is started."
          >
            <Setting draft={draft} path="email.smtp_url" label="Mail server" readOnly={readOnly} />
            <Setting
              draft={draft}
              path="email.from"
              label="Sender"
              description="Whom mails come from, such as Acme <no-reply@example.org>. The mail server must be allowed to send for its domain."
              readOnly={readOnly}
            />
            <Setting draft={draft} path="email.reply_to" label="Answers go to" readOnly={readOnly} />
            <Setting
              draft={draft}
              path="account.email_subject_prefix"
              label="What subjects begin with"
              description="Such as [Acme] and a space."
              fallback="the tenant's name in brackets"
              readOnly={readOnly}
            />
          </Section>
          {may("mail.send") && <SendTest slug={draft.slug} unsaved={draft.changes.length > 0} />}
          <Section title="Notices" lead="Mails that nobody asked for, but many are glad of.">
            <Setting
              draft={draft}
              path="account.email_notifications"
              label="Tell people of changes to their account"
              readOnly={readOnly}
            />
            <Setting
              draft={draft}
              path="account.email_unknown_accounts"
              label="Tell whoever has no account that there is none"
              readOnly={readOnly}
            />
          </Section>
          <Section
            title="Branding"
            lead="What mails look like. Their words are under Message templates, with a preview."
          >
            <Setting
              draft={draft}
              path="branding.name"
              label="Name"
              description="What mails are signed with."
              fallback="the tenant's name"
              readOnly={readOnly}
            />
            <Colour draft={draft} readOnly={readOnly} />
            <Setting
              draft={draft}
              path="branding.logo_url"
              label="Logo"
              description="The address of a picture that heads mails. Mail programs load it; these pages load nothing from elsewhere, and do not show it."
              fallback="none"
              readOnly={readOnly}
            />
          </Section>
          <Texts draft={draft} readOnly={readOnly} />
        </>
      )}
    </SettingsScreen>
  );
}

type Way = "none" | "twilio" | "webhook";

const settingsOf: Record<Exclude<Way, "none">, string[]> = {
  twilio: ["twilio_account_sid", "twilio_auth_token", "twilio_from"],
  webhook: ["webhook_url", "webhook_secret"],
};

/** How text messages go out: one way or none, since the server takes no two. */
function Texts({ draft, readOnly }: { draft: Draft; readOnly: boolean }) {
  const given = (way: Exclude<Way, "none">) => settingsOf[way].some((name) => draft.value(`config.sms.${name}`));
  const set: Way = given("twilio") ? "twilio" : given("webhook") ? "webhook" : "none";
  const [chosen, setChosen] = useState<Way>();
  const way = set === "none" && chosen !== undefined ? chosen : set;
  const choose = (next: Way) => {
    setChosen(next);
    let mine = draft.mine;
    for (const other of ["twilio", "webhook"] as const) {
      if (other !== next) {
        for (const name of settingsOf[other]) {
          mine = withValue(mine, ["config", "sms", name], undefined);
        }
      }
    }
    draft.replace(mine);
  };
  return (
    <Section
      title="Text messages"
      lead="How codes and notices reach phones. Without a way, text messages wait and are given up."
    >
      <Radio.Group label="How they go out" value={way} onChange={(v) => choose(v as Way)}>
        <Stack gap="xs" mt="xs">
          <Radio value="none" label="Not at all" disabled={readOnly} />
          <Radio value="twilio" label="Through an account at Twilio" disabled={readOnly} />
          <Radio
            value="webhook"
            label="Through a server of your own, which each text message is posted to"
            disabled={readOnly}
          />
        </Stack>
      </Radio.Group>
      {way === "twilio" && (
        <>
          <Setting draft={draft} path="sms.twilio_account_sid" label="Account SID" readOnly={readOnly} />
          <Setting draft={draft} path="sms.twilio_auth_token" label="Auth token" readOnly={readOnly} />
          <Setting draft={draft} path="sms.twilio_from" label="Sender" readOnly={readOnly} />
        </>
      )}
      {way === "webhook" && (
        <>
          <Setting draft={draft} path="sms.webhook_url" label="Address" readOnly={readOnly} />
          <Setting draft={draft} path="sms.webhook_secret" label="Signing secret" readOnly={readOnly} />
        </>
      )}
    </Section>
  );
}
