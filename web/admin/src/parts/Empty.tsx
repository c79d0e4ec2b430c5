import { Center, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

/** What stands where there is nothing yet: what belongs here, and how it gets here. */
export function Empty(props: { title: string; children: ReactNode; action?: ReactNode }) {
  return (
    <Center py="xl" px="md">
      <Stack align="center" gap="xs" maw="32rem" ta="center">
        <Title order={2} size="h3">
          {props.title}
        </Title>
        <Text c="dimmed" size="sm" component="div">
          {props.children}
        </Text>
        {props.action}
      </Stack>
    </Center>
  );
}
