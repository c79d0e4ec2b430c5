import { Anchor, Group, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";

/** The product's mark, which leads to the first screen. */
export function Mark() {
  return (
    <Anchor component={Link} to="/" underline="never" c="var(--mantine-color-text)" aria-label="Vestibule: overview">
      <Group gap={8} wrap="nowrap">
        <img src="/favicon.svg" alt="" width={26} height={26} />
        <Text fw={650} visibleFrom="md">
          Vestibule
        </Text>
      </Group>
    </Anchor>
  );
}
