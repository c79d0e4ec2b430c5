import { Text } from "@mantine/core";
import { useState } from "react";
import { api, type Schema } from "../../api/client";
import { FormModal } from "../../parts/FormModal";
import { chosenOf, complete, GrantsInput, grantsOf, isGrantsFault } from "../../parts/Grants";
import { done } from "../../parts/tell";
import { plainly } from "./plainly";

export function ChangeGrants({ operator, close }: { operator: Schema<"Operator">; close: () => void }) {
  const [chosen, setChosen] = useState(() => chosenOf(operator.grants));
  const change = api.useMutation("patch", "/admin/v1/operators/{id}");
  const submit = async () => {
    try {
      await change.mutateAsync({ params: { path: { id: operator.id } }, body: { grants: grantsOf(chosen) } });
    } catch (error) {
      throw plainly(error);
    }
    done(`The roles of ${operator.email} were changed.`);
  };
  return (
    <FormModal
      opened
      close={close}
      title="Change roles"
      action="Change roles"
      size="lg"
      fields={isGrantsFault}
      disabled={!complete(chosen)}
      submit={submit}
    >
      {(faults) => (
        <>
          <Text size="sm">
            What{" "}
            <Text span inherit fw={600} className="foreign">
              {operator.email}
            </Text>{" "}
            may do from the next click on, in place of what they may now. Their API tokens never do more.
          </Text>
          <GrantsInput value={chosen} onChange={setChosen} faults={faults} />
        </>
      )}
    </FormModal>
  );
}
