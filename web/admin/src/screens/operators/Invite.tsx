import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { api } from "../../api/client";
import { faultsOf, inWords } from "../../api/problem";
import { choose, complete, GrantsInput, grantsOf } from "../../parts/Grants";
import { done } from "../../parts/tell";
import { Said } from "../../session/Said";

/** Whether a problem is all said beside the fields that are shown. */
const shownBeside = (faults: Record<string, string>) =>
  Object.keys(faults).length > 0 &&
  Object.keys(faults).every((p) => /^(email|name|grants\[\d+\]\.(role|tenant))$/.test(p));

export function Invite({ opened, close }: { opened: boolean; close: () => void }) {
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState(() => [choose()]);
  const make = api.useMutation("post", "/admin/v1/operators");
  const faults = make.error ? faultsOf(make.error) : {};
  const leave = () => {
    setEmail("");
    setName("");
    setChosen([choose()]);
    make.reset();
    close();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate(
      { body: { email, ...(name ? { name } : {}), grants: grantsOf(chosen) } },
      {
        onSuccess: (o) => {
          done(`${o.email} is mailed a link to choose a password.`);
          leave();
        },
      },
    );
  };
  return (
    <Modal opened={opened} onClose={leave} title="Invite an operator" size="lg">
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm">
            They are mailed a link to choose a password, and add a second factor when they first sign in.
          </Text>
          <TextInput
            label="Email address"
            type="email"
            value={email}
            onChange={(e) => setEmail(e.currentTarget.value)}
            error={faults.email}
            autoComplete="off"
            spellCheck={false}
            required
            withAsterisk={false}
            data-autofocus
          />
          <TextInput
            label="Name"
            value={name}
            onChange={(e) => setName(e.currentTarget.value)}
            error={faults.name}
            maxLength={100}
            autoComplete="off"
          />
          <GrantsInput value={chosen} onChange={setChosen} faults={faults} />
          {make.error && !shownBeside(faults) && <Said error={new Error(inWords(make.error))} />}
          <Group justify="end">
            <Button variant="default" onClick={leave}>
              Cancel
            </Button>
            <Button type="submit" loading={make.isPending} disabled={!complete(chosen)}>
              Invite
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
