import { Alert, Button, Group, Modal, Stack } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import { faultsOf, inWords, problemOf } from "../api/problem";

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
  const close = () => {
    setError(undefined);
    props.close();
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await props.submit();
      close();
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
    <Modal opened={props.opened} onClose={close} title={props.title} size={props.size}>
      <form onSubmit={submit} noValidate>
        <Stack>
          {props.children(faults)}
          {shown && (
            <Alert color="red" variant="outline" role="alert" title={problemOf(error).title} className="foreign">
              {shown}
            </Alert>
          )}
          <Group justify="end">
            <Button variant="default" onClick={close}>
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
