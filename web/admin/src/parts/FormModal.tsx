import { Alert, Button, Group, Modal, Stack } from "@mantine/core";
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { faultsOf, inWords, problemOf } from "../api/problem";
import { useOnTop } from "./useOnTop";

/** A form in a dialog. What is wrong with a field is given to the field; whatever else is wrong stands above the buttons. */
export function FormModal(props: {
  opened: boolean;
  close: () => void;
  title: string;
  action: string;
  /** The names by which the server calls the fields. */
  fields: string[];
  disabled?: boolean;
  size?: string;
  submit: () => Promise<unknown>;
  children: (faults: Record<string, string>) => ReactNode;
}) {
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const onTop = useOnTop(props.opened);
  useEffect(() => {
    if (props.opened) {
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
      await props.submit();
      props.close();
    } catch (failed) {
      setError(failed);
    } finally {
      setBusy(false);
    }
  };
  const faults = error === undefined ? {} : faultsOf(error);
  const rest = Object.entries(faults).filter(([path]) => !props.fields.includes(path));
  const shown =
    Object.keys(faults).length === 0
      ? error !== undefined && inWords(error)
      : rest.map(([p, m]) => `${p} ${m}`.trim()).join("; ");
  return (
    <Modal opened={props.opened} onClose={close} title={props.title} size={props.size} closeOnEscape={onTop}>
      <form onSubmit={submit} noValidate>
        <Stack>
          {props.children(faults)}
          {shown && (
            <Alert color="red" variant="outline" role="alert" title={problemOf(error).title} className="foreign">
              {shown}
            </Alert>
          )}
          <Group justify="end">
            <Button variant="default" onClick={close} disabled={busy}>
              Cancel
            </Button>
            <Button type="submit" loading={busy} disabled={props.disabled}>
              {props.action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
