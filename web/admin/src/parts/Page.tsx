import { Anchor, Breadcrumbs, Group, Stack, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { Command } from "./Command";
import type { Line } from "./sh";

/** The frame of a screen: its title, what it is for, what can be done, and the commands that do the same. */
export function Page(props: {
  title: string;
  /** What the tab is called, where that is more than the title. */
  tab?: string;
  /** One or two sentences for whoever is here for the first time. */
  lead?: ReactNode;
  /** The screens above this one. */
  above?: { label: string; to: string }[];
  actions?: ReactNode;
  commands?: Line[];
  children: ReactNode;
}) {
  const { title, tab = title } = props;
  useEffect(() => {
    document.title = `${tab} · Vestibule`;
  }, [tab]);
  return (
    <Stack gap="lg">
      <Stack gap={6}>
        {props.above && (
          <Breadcrumbs component="nav" aria-label="Above this page">
            {props.above.map((a) => (
              <Anchor key={a.to} component={Link} to={a.to} size="sm" className="foreign">
                {a.label}
              </Anchor>
            ))}
          </Breadcrumbs>
        )}
        <Group justify="space-between" align="start" gap="sm" className="page-head">
          <Title order={1} className="foreign">
            {title}
          </Title>
          <Group gap="xs" className="page-acts">
            {props.commands && props.commands.length > 0 && <Command lines={props.commands} />}
            {props.actions}
          </Group>
        </Group>
        {props.lead && (
          <Text c="dimmed" maw="70ch">
            {props.lead}
          </Text>
        )}
      </Stack>
      {props.children}
    </Stack>
  );
}
