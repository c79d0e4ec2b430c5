import { Button, Group, Modal, MultiSelect, NativeSelect, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { api } from "../../api/client";
import { faultsOf, inWords } from "../../api/problem";
import { choose, complete, GrantsInput, grantsOf } from "../../parts/Grants";
import { type Permission, useMe } from "../../session/me";
import { Said } from "../../session/Said";

const lives = [
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "180", label: "180 days" },
  { value: "365", label: "A year" },
];

/** When a token that is made now ends. The longest stays a little under the server's limit, whose clock may be another. */
function until(days: number): string {
  return new Date(Date.now() + days * 86400_000 - (days === 365 ? 3600_000 : 0)).toISOString();
}

export function NewToken(props: { opened: boolean; close: () => void; made: (name: string, secret: string) => void }) {
  const me = useMe();
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState(() => [choose()]);
  const [scopes, setScopes] = useState<string[]>([]);
  const [days, setDays] = useState("90");
  const make = api.useMutation("post", "/admin/v1/tokens");
  const faults = make.error ? faultsOf(make.error) : {};
  const known =
    Object.keys(faults).length > 0 && Object.keys(faults).every((p) => /^(name|grants\[\d+\]\..+)$/.test(p));
  const mine = [
    ...new Set([...(me.data?.permissions ?? []), ...(me.data?.tenants ?? []).flatMap((t) => t.permissions)]),
  ];
  const leave = () => {
    setName("");
    setChosen([choose()]);
    setScopes([]);
    setDays("90");
    make.reset();
    props.close();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate(
      {
        body: {
          name,
          grants: grantsOf(chosen),
          ...(scopes.length > 0 ? { scopes: scopes as Permission[] } : {}),
          expires_at: until(Number(days)),
        },
      },
      {
        onSuccess: (k) => {
          props.made(k.name, k.token ?? "");
          leave();
        },
      },
    );
  };
  return (
    <Modal opened={props.opened} onClose={leave} title="Make a token" size="lg">
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label="Name"
            description="What uses it, so that whoever revokes it knows what stops."
            placeholder="Nightly export"
            value={name}
            onChange={(e) => setName(e.currentTarget.value)}
            error={faults.name}
            maxLength={100}
            autoComplete="off"
            required
            withAsterisk={false}
            data-autofocus
          />
          <GrantsInput value={chosen} onChange={setChosen} faults={faults} />
          <MultiSelect
            label="Only these permissions"
            description="None chosen: all that its roles give."
            data={mine.toSorted()}
            value={scopes}
            onChange={setScopes}
            searchable
            clearable
            hidePickedOptions
            nothingFoundMessage="No such permission"
            error={faults.scopes}
          />
          <NativeSelect
            label="Good for"
            data={lives}
            value={days}
            onChange={(e) => setDays(e.currentTarget.value)}
            error={faults.expires_at}
          />
          {make.error && !known && <Said error={new Error(inWords(make.error))} />}
          <Group justify="end">
            <Button variant="default" onClick={leave}>
              Cancel
            </Button>
            <Button type="submit" loading={make.isPending} disabled={!complete(chosen) || name.trim() === ""}>
              Make the token
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
