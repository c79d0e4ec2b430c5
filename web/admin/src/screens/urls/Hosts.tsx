// The hosts by which requests find the tenant. The first is the public one.

import { ActionIcon, Badge, Button, Group, Paper, Stack, Text, TextInput, VisuallyHidden } from "@mantine/core";
import { IconArrowUp, IconX } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { hostOf } from "../../parts/host";
import { Notice } from "../../parts/Notice";
import type { Draft } from "../../settings/draft";
import { valueAt } from "../../settings/patch";
import { SettingRow } from "../../settings/SettingRow";

export function Hosts({ draft, readOnly }: { draft: Draft; readOnly: boolean }) {
  const [text, setText] = useState("");
  const hosts = (draft.value("hosts") ?? []) as string[];
  const saved = (valueAt(draft.base, ["hosts"]) ?? []) as string[];
  const gone = saved.filter((h) => !hosts.includes(h));
  const firstMoves = draft.value("config.public_url") === undefined && saved.length > 0 && hosts[0] !== saved[0];
  const set = (next: string[]) => draft.set("hosts", next);
  const host = hostOf(text);
  const add = (event: FormEvent) => {
    event.preventDefault();
    if (host !== "" && !hosts.includes(host)) {
      set([...hosts, host]);
    }
    setText("");
  };
  return (
    <SettingRow
      draft={draft}
      at="hosts"
      label="Hosts"
      description="A request to one of them is this tenant's. Each belongs to one tenant alone. Point its DNS at your proxy, and have the proxy pass the Host header on as it is."
      group
      wide
      readOnly={readOnly}
    >
      {() => (
        <Stack gap="xs" maw="38rem">
          {hosts.map((h, i) => (
            <Paper key={h} withBorder px="sm" py={6} data-host={h}>
              <Group gap="xs" justify="space-between" wrap="nowrap">
                <Group gap="xs" flex={1}>
                  <code className="code foreign">{h}</code>
                  {i === 0 && <Badge variant="dot">first</Badge>}
                </Group>
                {!readOnly && (
                  <Group gap={2} wrap="nowrap">
                    {i > 0 && (
                      <Button
                        size="compact-xs"
                        variant="subtle"
                        leftSection={<IconArrowUp size={14} />}
                        onClick={() => set([h, ...hosts.filter((other) => other !== h)])}
                      >
                        Make first<VisuallyHidden component="span"> {h}</VisuallyHidden>
                      </Button>
                    )}
                    <ActionIcon
                      variant="subtle"
                      color="gray"
                      aria-label={`Remove ${h}`}
                      onClick={() => set(hosts.filter((other) => other !== h))}
                    >
                      <IconX size={16} />
                    </ActionIcon>
                  </Group>
                )}
              </Group>
            </Paper>
          ))}
          {hosts.length === 0 && (
            <Text size="sm" c="dimmed">
              No hosts: the tenant is found on the shared hosts alone, by the tenant header, and needs a public URL.
            </Text>
          )}
          {!readOnly && (
            <form onSubmit={add}>
              <Group gap="xs" align="end">
                <TextInput
                  label="Another host"
                  placeholder="login.example.org"
                  flex={1}
                  miw="min(14rem, 100%)"
                  value={text}
                  autoComplete="off"
                  spellCheck={false}
                  error={host !== "" && hosts.includes(host) ? "This one is here already." : undefined}
                  onChange={(e) => setText(e.currentTarget.value)}
                />
                <Button type="submit" variant="default" disabled={host === "" || hosts.includes(host)}>
                  Add
                </Button>
              </Group>
            </form>
          )}
          {gone.length > 0 && (
            <Notice kind="danger" live>
              Requests to <span className="foreign">{gone.join(", ")}</span> are nobody's from then on: they are
              answered with 404, and another tenant may take the host. Sessions of browsers there are lost.
            </Notice>
          )}
          {firstMoves && (
            <Notice kind="warning" live>
              No public URL is set, so that the first host is it: links in mails, the issuer of tokens and the domain of
              passkeys follow. Tokens that are out there end, and passkeys that are bound to{" "}
              <span className="foreign">{saved[0]}</span> no longer work. Set the public URL below to keep them.
            </Notice>
          )}
        </Stack>
      )}
    </SettingRow>
  );
}
