import { Text } from "@mantine/core";
import { GrantBadges } from "../parts/Grants";
import { Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { Section } from "../parts/Section";
import { sh } from "../parts/sh";
import { useMe } from "../session/me";
import { useProof } from "../session/Prove";
import { Factors } from "./account/Factors";
import { OwnSessions } from "./account/OwnSessions";
import { Password } from "./account/Password";

export default function Account() {
  const me = useMe();
  const { prove, dialog } = useProof();
  return (
    <Page title="Your account" lead="How you sign in, and where you are signed in." commands={[sh`admin token self`]}>
      <Loaded query={me} lines={3}>
        {(who) => (
          <Section title="You">
            <Text size="sm" className="foreign" fw={600}>
              {who.name}
            </Text>
            <GrantBadges grants={who.grants} />
            <Text size="sm" c="dimmed">
              Your roles say what you may do. Owners change them under Operators.
            </Text>
          </Section>
        )}
      </Loaded>
      <Factors prove={prove} />
      <Password prove={prove} />
      <OwnSessions />
      {dialog}
    </Page>
  );
}
