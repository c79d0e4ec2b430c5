// What front ends would be told, were the draft saved: as a sketch, in words, and as it is on the wire.

import { Badge, Button, Card, Group, List, SegmentedControl, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { Copy } from "../../parts/Copy";
import { Failure } from "../../parts/Failure";
import { Bars } from "../../parts/Loaded";
import { Notice } from "../../parts/Notice";
import { count } from "../../parts/words";
import type { Checked } from "../../settings/checked";
import type { Draft } from "../../settings/draft";
import { Mock } from "./Mock";
import { signupFields } from "./SignupFields";
import { flowInWords, stepInWords } from "./words";

type Client = "browser" | "app";

export function PreviewPane({ draft, checked }: { draft: Draft; checked: Checked }) {
  const [client, choose] = useState<Client>("browser");
  const [raw, showRaw] = useState(false);
  const offer = checked.preview?.clients[client];
  const faults = Object.keys(checked.faults).length;
  const json = offer && JSON.stringify({ config: offer.config, unauthenticated: offer.unauthenticated }, null, 2);
  return (
    <Card
      id="preview"
      withBorder
      component="section"
      aria-label="What front ends are told"
      padding="lg"
      className="beside-fixed"
    >
      <Stack gap="sm">
        <Group justify="space-between" gap="xs">
          <Title order={2}>Preview</Title>
          <Badge color={draft.changes.length > 0 ? "yellow" : "gray"} variant="dot">
            {draft.changes.length > 0 ? "of your draft" : "as it is"}
          </Badge>
        </Group>
        <SegmentedControl
          fullWidth
          size="xs"
          aria-label="Kind of client"
          value={client}
          onChange={(v) => choose(v as Client)}
          data={[
            { value: "browser", label: "Browsers" },
            { value: "app", label: "Apps" },
          ]}
        />
        {checked.error !== undefined && <Failure error={checked.error} />}
        {faults > 0 && (
          <Notice kind="warning" title="Not as it would be" live>
            {count(faults, "thing")} in your draft cannot be saved yet. This is how it was before.
          </Notice>
        )}
        {checked.preview?.state === "suspended" && (
          <Text size="sm">The tenant is suspended: until it is resumed, every request is refused.</Text>
        )}
        {checked.preview === undefined ? (
          checked.error === undefined && <Bars lines={6} />
        ) : !offer ? (
          <Text size="sm" c="dimmed">
            {client === "app" ? "Apps are" : "Browsers are"} not served by this tenant (<code>headless.clients</code>).
          </Text>
        ) : (
          <>
            <Mock
              name={String(draft.mine.name ?? draft.tenant.name)}
              offer={offer}
              fields={signupFields(draft)}
              passkeySignup={draft.value("config.mfa.passkey_signup_enabled") === true}
            />
            <div aria-live="polite">
              <Text size="sm" fw={550}>
                People may
              </Text>
              <List size="sm" spacing={2} aria-label="What people may do">
                {offer.unauthenticated.flows.map((f) => (
                  <List.Item key={f.id}>
                    {flowInWords(f.id)} <code className="code">{f.id}</code>
                  </List.Item>
                ))}
              </List>
              <Text size="sm" mt="xs">
                {offer.after_signup
                  ? `After a signup, ${stepInWords(offer.after_signup.pending)}.`
                  : "Nobody can sign up."}{" "}
                After a sign-in with a password, {stepInWords(offer.after_login.pending)}.
              </Text>
            </div>
            <Group justify="space-between">
              <Button size="compact-sm" variant="default" aria-expanded={raw} onClick={() => showRaw(!raw)}>
                {raw ? "Hide the answers" : "Show the answers"}
              </Button>
              {raw && json && <Copy value={json} what="the answers" />}
            </Group>
            {raw && (
              <Text component="pre" className="code foreign" fz="xs" m={0}>
                {json}
              </Text>
            )}
          </>
        )}
      </Stack>
    </Card>
  );
}
