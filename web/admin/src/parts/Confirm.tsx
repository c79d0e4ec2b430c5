import { Alert, Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";
import { inWords } from "../api/problem";
import { useDialogForm } from "./useDialogForm";

/**
 * Asks before something happens that cannot simply be taken back. Where typed is given, that must be typed first: it is for what loses
 * something for many.
 */
export function Confirm(props: {
  opened: boolean;
  close: () => void;
  title: string;
  children: ReactNode;
  action: string;
  danger?: boolean;
  typed?: string;
  /** Does it; the dialog stays open with what went wrong if it fails. */
  run: () => Promise<unknown>;
}) {
  const [text, setText] = useState("");
  const { error, busy, leave, submit, closeOnEscape } = useDialogForm(props.opened, props.close, props.run);
  useEffect(() => {
    if (props.opened) {
      setText("");
    }
  }, [props.opened]);
  const ready = props.typed === undefined || text === props.typed;
  return (
    <Modal opened={props.opened} onClose={leave} title={props.title} closeOnEscape={closeOnEscape}>
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm" component="div">
            {props.children}
          </Text>
          {props.typed !== undefined && (
            <TextInput
              label={`Type ${props.typed} to go on`}
              value={text}
              onChange={(e) => setText(e.currentTarget.value)}
              autoComplete="off"
              spellCheck={false}
              data-autofocus
            />
          )}
          {error !== undefined && (
            <Alert color="red" variant="outline" role="alert">
              {inWords(error)}
            </Alert>
          )}
          <Group justify="end">
            <Button
              variant="default"
              onClick={leave}
              disabled={busy}
              data-autofocus={props.typed === undefined ? true : undefined}
            >
              Cancel
            </Button>
            <Button type="submit" color={props.danger ? "red.9" : undefined} disabled={!ready} loading={busy}>
              {props.action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
