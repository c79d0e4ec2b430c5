import { Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { api } from "../../api/client";
import { FormModal } from "../../parts/FormModal";
import { choose, complete, GrantsInput, grantsOf, isGrantsFault } from "../../parts/Grants";
import { done } from "../../parts/tell";

export function Invite({ opened, close }: { opened: boolean; close: () => void }) {
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState(() => [choose()]);
  const make = api.useMutation("post", "/admin/v1/operators");
  const leave = () => {
    setEmail("");
    setName("");
    setChosen([choose()]);
    close();
  };
  const submit = async () => {
    const made = await make.mutateAsync({ body: { email, ...(name ? { name } : {}), grants: grantsOf(chosen) } });
    done(`${made.email} is mailed a link to choose a password.`);
  };
  return (
    <FormModal
      opened={opened}
      close={leave}
      title="Invite an operator"
      action="Invite"
      size="lg"
      fields={(path) => path === "email" || path === "name" || isGrantsFault(path)}
      disabled={!complete(chosen) || email.trim() === ""}
      submit={submit}
    >
      {(faults) => (
        <>
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
        </>
      )}
    </FormModal>
  );
}
