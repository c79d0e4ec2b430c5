import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";

/** What a page says where two people changed the same thing at the same time. */
export const meanwhile = (what = "tenant") => `Someone else changed this ${what} meanwhile`;

/** Says that somebody else was quicker, and what may be done now. */
export function Meanwhile(props: { what?: string; children: ReactNode; ways: { label: string; go: () => void }[] }) {
  return (
    <Alert color="yellow" variant="outline" role="alert" title={meanwhile(props.what)}>
      <Stack gap="xs" align="start">
        <Text size="sm" component="div">
          {props.children}
        </Text>
        <Group gap="xs">
          {props.ways.map((way) => (
            <Button key={way.label} size="xs" variant="default" onClick={way.go}>
              {way.label}
            </Button>
          ))}
        </Group>
      </Stack>
    </Alert>
  );
}
