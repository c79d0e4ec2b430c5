import { Alert, Button, Group, Modal, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Copy } from "./Copy";

/** Shows a secret that is shown this once: it is nowhere after the dialog is closed, and the server cannot show it again. */
export function Once(props: {
  secret: string | undefined;
  title: string;
  what: string;
  children?: ReactNode;
  close: () => void;
}) {
  return (
    <Modal
      opened={props.secret !== undefined}
      onClose={props.close}
      title={props.title}
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
      size="lg"
    >
      <Stack>
        <Alert color="yellow" variant="outline">
          <Text size="sm">It is not shown again. Put it where it belongs before you close this.</Text>
        </Alert>
        <Group wrap="nowrap" justify="space-between" align="start">
          <code className="code" data-secret>
            {props.secret}
          </code>
          {props.secret !== undefined && <Copy value={props.secret} what={props.what} />}
        </Group>
        {props.children}
        <Group justify="end">
          <Button onClick={props.close}>I have kept it</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
