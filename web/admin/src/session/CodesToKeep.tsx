import { Alert, Button, CopyButton, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconCheck, IconCopy, IconDownload } from "@tabler/icons-react";
import { download } from "../parts/download";

/** Recovery codes, to be put where they are found when the other factor is lost. */
export function CodesToKeep({ codes, close }: { codes: string[]; close: () => void }) {
  const text = `${codes.join("\n")}\n`;
  return (
    <Stack>
      <Alert color="yellow" variant="outline">
        <Text size="sm">
          Each of these signs you in once when your other factor is lost. Put them where only you find them, and not
          where the app or key is.
        </Text>
      </Alert>
      <SimpleGrid cols={2} spacing="xs" component="ul" m={0} p={0} style={{ listStyle: "none" }}>
        {codes.map((code) => (
          <li key={code}>
            <code className="code" data-secret>
              {code}
            </code>
          </li>
        ))}
      </SimpleGrid>
      <Group gap="xs">
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button
              variant="default"
              size="xs"
              leftSection={copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
              onClick={copy}
            >
              {copied ? "Copied" : "Copy all"}
            </Button>
          )}
        </CopyButton>
        <Button
          variant="default"
          size="xs"
          leftSection={<IconDownload size={16} />}
          onClick={() => download(text, "vestibule-recovery-codes.txt", "text/plain")}
        >
          Download
        </Button>
      </Group>
      <Button onClick={close} data-autofocus>
        I have kept them
      </Button>
    </Stack>
  );
}
