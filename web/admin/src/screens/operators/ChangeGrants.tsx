import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { api, type Schema } from "../../api/client";
import { faultsOf, inWords } from "../../api/problem";
import { chosenOf, complete, GrantsInput, grantsOf } from "../../parts/Grants";
import { done } from "../../parts/tell";
import { Said } from "../../session/Said";
import { plainly } from "./plainly";

export function ChangeGrants({ operator, close }: { operator: Schema<"Operator">; close: () => void }) {
  const [chosen, setChosen] = useState(() => chosenOf(operator.grants));
  const change = api.useMutation("patch", "/admin/v1/operators/{id}");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate(
      {
        params: { path: { id: operator.id } },
        body: { grants: grantsOf(chosen) },
      },
      {
        onSuccess: () => {
          done(`The roles of ${operator.email} were changed.`);
          close();
        },
      },
    );
  };
  return (
    <Modal opened onClose={close} title="Change roles" size="lg">
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm">
            What{" "}
            <Text span inherit fw={600} className="foreign">
              {operator.email}
            </Text>{" "}
            may do from the next click on, in place of what they may now. Their API tokens never do more.
          </Text>
          <GrantsInput value={chosen} onChange={setChosen} faults={change.error ? faultsOf(change.error) : {}} />
          {change.error && <Said error={new Error(inWords(plainly(change.error)))} />}
          <Group justify="end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={change.isPending} disabled={!complete(chosen)}>
              Change roles
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
