import { Alert, Button, Group, Modal, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import { faultsOf, inWords, problemOf } from "../api/problem";
import { faultsIn } from "../session/answers";
import { useDialogForm } from "./useDialogForm";

/** A form in a dialog. What is wrong with a field is given to the field; whatever else is wrong stands above the buttons. */
export function FormModal(props: {
  opened: boolean;
  close: () => void;
  title: string;
  action: string;
  /** The names by which the server calls the fields, or what tells them where there may be many. */
  fields: string[] | ((path: string) => boolean);
  disabled?: boolean;
  size?: string;
  submit: () => Promise<unknown>;
  /** What is said instead of a failure that somebody has to do something about first; it then begins anew. */
  settle?: (error: unknown, anew: () => void) => ReactNode;
  children: (faults: Record<string, string>, error: unknown) => ReactNode;
}) {
  const { error, busy, leave, submit, anew, closeOnEscape } = useDialogForm(props.opened, props.close, props.submit);
  const { fields } = props;
  const beside = Array.isArray(fields) ? (path: string) => fields.includes(path) : fields;
  const faults = error === undefined ? {} : { ...faultsOf(error), ...faultsIn(error) };
  const rest = Object.entries(faults).filter(([path]) => !beside(path));
  const shown =
    Object.keys(faults).length === 0
      ? error !== undefined && inWords(error)
      : rest.map(([p, m]) => `${p} ${m}`.trim()).join("; ");
  const unsettled = error !== undefined && props.settle?.(error, anew);
  return (
    <Modal opened={props.opened} onClose={leave} title={props.title} size={props.size} closeOnEscape={closeOnEscape}>
      <form onSubmit={submit} noValidate>
        <Stack>
          {props.children(faults, error)}
          {unsettled}
          {!unsettled && shown && (
            <Alert color="red" variant="outline" role="alert" title={problemOf(error).title} className="foreign">
              {shown}
            </Alert>
          )}
          <Group justify="end">
            <Button variant="default" onClick={leave} disabled={busy}>
              Cancel
            </Button>
            <Button type="submit" loading={busy} disabled={props.disabled || Boolean(unsettled)}>
              {props.action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
