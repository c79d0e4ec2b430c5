import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { browser, headless } from "../../api/client";
import { ask, faultsIn } from "../../session/answers";
import { type Factor, readAgain } from "../../session/own";
import type { Prove } from "../../session/Prove";
import { Said } from "../../session/Said";
import { useOneAtATime } from "../../session/useOneAtATime";

export function RenameKey({ factor, prove, close }: { factor: Factor; prove: Prove; close: () => void }) {
  const [name, setName] = useState(factor.name ?? "");
  const { busy, error, run } = useOneAtATime();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run("rename", async () => {
      const body = { id: factor.id, name };
      await prove(() =>
        ask(() => headless.PUT("/_allauth/{client}/v1/account/authenticators/webauthn", { ...browser, body })),
      );
      close();
      await readAgain();
    });
  };
  return (
    <Modal opened onClose={close} title="Rename this key">
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label="Name"
            value={name}
            maxLength={100}
            onChange={(e) => setName(e.currentTarget.value)}
            error={faultsIn(error).name}
            autoComplete="off"
            required
            withAsterisk={false}
            data-autofocus
          />
          <Said error={error} fields={["name"]} />
          <Group justify="end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={busy !== ""}>
              Rename
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
