import { Alert, Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { inWords } from "../api/problem";
import { useOnTop } from "./useOnTop";

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
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const onTop = useOnTop(props.opened);
  useEffect(() => {
    if (props.opened) {
      setText("");
      setError(undefined); // what went wrong before is no answer to what is asked now
    }
  }, [props.opened]);
  const close = () => {
    if (!busy) {
      props.close(); // what is under way cannot be called off any more, and would have nowhere to tell of a failure
    }
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await props.run();
      props.close();
    } catch (failed) {
      setError(failed);
    } finally {
      setBusy(false);
    }
  };
  const ready = props.typed === undefined || text === props.typed;
  return (
    <Modal opened={props.opened} onClose={close} title={props.title} closeOnEscape={onTop}>
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
              onClick={close}
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
