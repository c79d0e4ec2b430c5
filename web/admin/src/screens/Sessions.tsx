// How long people stay signed in, what apps are handed, and the keys that it is signed with.
import { Stack, Text } from "@mantine/core";
import { Section } from "../parts/Section";
import { sh } from "../parts/sh";
import type { Draft } from "../settings/draft";
import { More } from "../settings/More";
import { Setting } from "../settings/Setting";
import { SettingsScreen } from "../settings/SettingsScreen";
import { KeySet } from "./sessions/KeySet";
import { Keys } from "./sessions/Keys";
import { Tokens } from "./sessions/Tokens";

export default function Sessions() {
  return (
    <SettingsScreen
      title="Sessions and tokens"
      lead="How long people stay signed in, what app clients are handed, and the keys that tokens are signed with."
      commands={(slug) => [
        sh`admin key list --tenant ${slug}`,
        sh`admin key rotate --tenant ${slug}`,
        sh`admin key set --tenant ${slug}`,
        sh`admin tenant patch ${slug} --config changes.json`,
      ]}
    >
      {(draft, readOnly) => (
        <Stack gap="lg">
          <Lifetimes draft={draft} readOnly={readOnly} />
          <Tokens draft={draft} readOnly={readOnly} />
          <Keys slug={draft.slug} settings={draft.tenant.config as Record<string, unknown>} />
          <KeySet slug={draft.slug} />
        </Stack>
      )}
    </SettingsScreen>
  );
}

function Lifetimes({ draft, readOnly }: { draft: Draft; readOnly: boolean }) {
  const common = { draft, readOnly };
  return (
    <Section title="Sessions">
      <Setting
        {...common}
        path="cookies.session_age"
        label="A session lasts"
        description="In browsers from the sign-in; in apps from the last use, so that who comes back stays signed in."
      />
      <Setting
        {...common}
        path="usersessions.track_activity"
        label="Keep when sessions were last used"
        description="To the minute, with the address and the program. People see it in the list of their sessions. Otherwise only their last sign-in is kept."
      />
      <Setting
        {...common}
        path="headless.clients"
        label="Clients that are served"
        description="Browsers keep a cookie; apps send a token in a header. What is not served is answered with 404."
        names={{ app: "Apps", browser: "Browsers" }}
        fallback="Apps, Browsers"
      />
      <More label="Cookies" draft={draft} paths={["cookies.session_name", "cookies.csrf_name"]}>
        <Text size="sm" c="dimmed">
          Their domain and when browsers send them belongs to where the tenant is: see URLs, hosts and CORS. Another
          session cookie signs every browser out.
        </Text>
        <Setting {...common} path="cookies.session_name" label="Session cookie" description="Scripts cannot read it." />
        <Setting
          {...common}
          path="cookies.csrf_name"
          label="CSRF cookie"
          description="Scripts read it, and send it back with what they change."
        />
      </More>
    </Section>
  );
}
