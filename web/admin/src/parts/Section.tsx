import { Card, Group, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useId } from "react";

/** A part of a screen, with a heading. */
export function Section(props: { title: string; lead?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <Card withBorder component="section" aria-labelledby={id} padding="lg">
      <Stack gap="md">
        <Group justify="space-between" align="start" gap="sm">
          <Stack gap={2} flex={1} miw="min(16rem, 100%)">
            <Title order={2} id={id} className="foreign">
              {props.title}
            </Title>
            {props.lead && (
              <Text size="sm" c="dimmed" maw="75ch">
                {props.lead}
              </Text>
            )}
          </Stack>
          {props.actions}
        </Group>
        {props.children}
      </Stack>
    </Card>
  );
}
