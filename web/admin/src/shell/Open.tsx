import { Center, Group, Paper, Stack, Text } from "@mantine/core";
import { Outlet } from "@tanstack/react-router";

/** The frame of the pages before somebody is signed in. */
export function Open() {
  return (
    // From the top down: what is centred jumps whenever something comes later.
    <Center p="md" pt="min(14dvh, 9rem)" component="main">
      <Stack w="min(26rem, 100%)" gap="lg">
        <Group gap={10} justify="center">
          <img src="/favicon.svg" alt="" width={34} height={34} />
          <Text fw={650} size="xl">
            Vestibule
          </Text>
        </Group>
        <Paper withBorder p="xl" shadow="sm">
          <Outlet />
        </Paper>
      </Stack>
    </Center>
  );
}
