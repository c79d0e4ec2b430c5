import { Button, Group, Popover, Stack, Text } from "@mantine/core";
import { IconTerminal2 } from "@tabler/icons-react";
import { Copy } from "./Copy";
import type { Line } from "./sh";

/** The commands that do the same as a screen: whoever does something twice can put it into a script. */
export function Command({ lines }: { lines: Line[] }) {
  return (
    <Popover width="min(34rem, 92vw)" position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<IconTerminal2 size={16} />}>
          Command line
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="The same on the command line">
        <Stack gap="xs">
          <Text size="sm">The same on the command line:</Text>
          {lines.map(String).map((line) => (
            <Group key={line} wrap="nowrap" justify="space-between" align="start">
              <code className="code">{line}</code>
              <Copy value={line} what="the command" />
            </Group>
          ))}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
