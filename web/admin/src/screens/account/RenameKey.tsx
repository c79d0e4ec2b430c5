import { TextInput } from "@mantine/core";
import { useState } from "react";
import { browser, headless } from "../../api/client";
import { FormModal } from "../../parts/FormModal";
import { ask } from "../../session/answers";
import { type Factor, readAgain } from "../../session/own";
import type { Prove } from "../../session/Prove";

export function RenameKey({ factor, prove, close }: { factor: Factor; prove: Prove; close: () => void }) {
  const [name, setName] = useState(factor.name ?? "");
  const submit = async () => {
    const body = { id: factor.id, name };
    await prove(() =>
      ask(() => headless.PUT("/_allauth/{client}/v1/account/authenticators/webauthn", { ...browser, body })),
    );
    void readAgain();
  };
  return (
    <FormModal
      opened
      close={close}
      title="Rename this key"
      action="Rename"
      fields={["name"]}
      disabled={name.trim() === ""}
      submit={submit}
    >
      {(faults) => (
        <TextInput
          label="Name"
          value={name}
          maxLength={100}
          onChange={(e) => setName(e.currentTarget.value)}
          error={faults.name}
          autoComplete="off"
          data-autofocus
        />
      )}
    </FormModal>
  );
}
