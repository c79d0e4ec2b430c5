// How often things may be done: each action with what its rates mean, and an editor for whoever wants others.

import { Badge, Button, Group, Switch, Text, VisuallyHidden } from "@mantine/core";
import { useState } from "react";
import { Notice } from "../../parts/Notice";
import { Section } from "../../parts/Section";
import type { Draft } from "../../settings/draft";
import { SettingRow } from "../../settings/SettingRow";
import { nodeAt, useSchema } from "../../settings/schema";
import { type Action, accountActions, providerActions } from "./actions";
import { RateEditor } from "./RateEditor";
import { inWords, parseRates } from "./rates";

interface Props {
  draft: Draft;
  readOnly: boolean;
}

export function RateLimits({ draft, readOnly }: Props) {
  return (
    <>
      <Limits
        draft={draft}
        readOnly={readOnly}
        path="account.rate_limits"
        title="Rate limits"
        lead="How often each thing may be done before it is refused with 429 for a while. Limits are shared by all servers where there is a Redis."
        actions={accountActions}
        unlimited="Passwords and codes can be tried as fast as the server answers, and mails and text messages asked for without end."
      />
      <Limits
        draft={draft}
        readOnly={readOnly}
        path="idp_oidc.rate_limits"
        title="Rate limits as an OpenID provider"
        lead="The same for what other apps ask of this tenant."
        actions={providerActions}
        unlimited="The codes that devices show can be tried as fast as the server answers."
      />
    </>
  );
}

function Limits(props: Props & { path: string; title: string; lead: string; actions: Action[]; unlimited: string }) {
  const { draft, path, readOnly } = props;
  const at = `config.${path}`;
  const off = draft.value(at) === false;
  return (
    <Section title={props.title} lead={props.lead}>
      <SettingRow
        draft={draft}
        at={at}
        label="Limits are counted"
        description="Rates that are set below are forgotten when this is switched off."
        kind="switch"
        readOnly={readOnly}
      >
        {(ids) => (
          <Switch
            id={ids.id}
            aria-describedby={ids.describedBy}
            checked={!off}
            disabled={readOnly}
            onChange={(e) => draft.set(at, e.currentTarget.checked ? undefined : false)}
          />
        )}
      </SettingRow>
      {off ? (
        <Notice kind="danger" title="Nothing is limited" live>
          {props.unlimited} Leave this to tests.
        </Notice>
      ) : (
        props.actions.map((action) => (
          <ActionRow key={action.id} draft={draft} readOnly={readOnly} path={`${path}.${action.id}`} action={action} />
        ))
      )}
    </Section>
  );
}

function ActionRow({ draft, readOnly, path, action }: Props & { path: string; action: Action }) {
  const { data: schema } = useSchema();
  const [editing, edit] = useState(false);
  const at = `config.${path}`;
  const value = draft.value(at) as string | undefined;
  let fallback = String((schema && nodeAt(schema, path))?.default ?? "");
  if (action.id === "confirm_email" && draft.value("config.account.email_verification_by_code_enabled") === true) {
    fallback = "1/10s/key"; // with a code people wait at the screen
  }
  const text = value ?? fallback;
  return (
    <SettingRow
      draft={draft}
      at={at}
      label={action.label}
      description={
        <Text component="span" size="sm" c="var(--mantine-color-text)" data-reading={action.id}>
          {reading(text, action)}
        </Text>
      }
      fallback={fallback}
      group
      wide={editing}
      readOnly={readOnly}
    >
      {() => (
        <>
          <Group gap="xs" justify={editing ? "start" : "end"}>
            <Badge variant="default" className="code" radius="sm">
              {text || "no limit"}
            </Badge>
            {!readOnly && (
              <Button size="compact-xs" variant="default" aria-expanded={editing} onClick={() => edit(!editing)}>
                {editing ? "Close" : "Change"}
                <VisuallyHidden component="span"> {action.label.toLowerCase()}</VisuallyHidden>
              </Button>
            )}
          </Group>
          {editing && !readOnly && <RateEditor action={action} text={text} set={(v) => draft.set(at, v)} />}
        </>
      )}
    </SettingRow>
  );
}

function reading(text: string, action: Action): string {
  try {
    return inWords(parseRates(text), action);
  } catch {
    return "These are not rates yet.";
  }
}
