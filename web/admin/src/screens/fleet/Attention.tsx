import { Anchor, Group, List, Stack, Text, ThemeIcon } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconInfoCircle } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { Copy } from "../../parts/Copy";
import { Section } from "../../parts/Section";
import { may, useMe } from "../../session/me";
import { concernsOf, type Fleet, type Place } from "./concerns";

/** Where it is so. Whoever may not look at that is told of it all the same. */
function Places({ of, label }: { of: Place[]; label: string }) {
  const { data: me } = useMe();
  return (
    <List listStyleType="none" spacing={4} my={4} aria-label={label}>
      {of.map((p) => (
        <List.Item key={p.id} styles={{ itemWrapper: { width: "100%" }, itemLabel: { flex: 1, minWidth: 0 } }}>
          <Text size="sm" className="foreign">
            {may(me, p.needs, p.tenant) ? (
              <Anchor component={Link} to={p.to} search={(p.search ?? {}) as never} inherit underline="always">
                {nameOf(p)}
              </Anchor>
            ) : (
              nameOf(p)
            )}{" "}
            <Text span inherit c="dimmed">
              · {p.note}
            </Text>
          </Text>
        </List.Item>
      ))}
    </List>
  );
}

const nameOf = (p: Place) => (p.what ? `${p.tenant}: ${p.what}` : p.tenant);

/** What somebody should look at, or that there is nothing. */
export function Attention({ fleet }: { fleet: Fleet }) {
  const concerns = concernsOf(fleet);
  if (concerns.length === 0) {
    return (
      <Section title="Needs attention">
        <Group gap="sm" wrap="nowrap">
          <ThemeIcon color="green" radius="xl" size="md">
            <IconCheck size={16} aria-hidden />
          </ThemeIcon>
          <Text size="sm">Nothing. The database, mail, webhooks and signing keys are as they should be.</Text>
        </Group>
      </Section>
    );
  }
  return (
    <Section title="Needs attention">
      <List listStyleType="none" spacing="md">
        {concerns.map((c) => (
          <List.Item key={c.id} styles={{ itemWrapper: { width: "100%" }, itemLabel: { flex: 1 } }}>
            <Group gap="sm" wrap="nowrap" align="start">
              <ThemeIcon color={c.urgent ? "red.9" : "orange.9"} radius="xl" size="md">
                {c.urgent ? <IconAlertTriangle size={16} aria-hidden /> : <IconInfoCircle size={16} aria-hidden />}
              </ThemeIcon>
              <Stack gap={2} flex={1} miw={0}>
                <Text fw={600} className="foreign">
                  {c.title}
                </Text>
                <Text size="sm" c="dimmed" maw="80ch">
                  {c.text}
                </Text>
                {c.places && c.places.length > 0 && <Places of={c.places} label={c.title} />}
                {c.command && (
                  <Group gap="xs">
                    <code className="code">{c.command}</code>
                    <Copy value={c.command} what="the command" />
                  </Group>
                )}
                {c.link && (
                  <Anchor component={Link} to={c.link.to} search={(c.link.search ?? {}) as never} size="sm">
                    {c.link.label}
                  </Anchor>
                )}
              </Stack>
            </Group>
          </List.Item>
        ))}
      </List>
    </Section>
  );
}
