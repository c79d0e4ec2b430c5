import { MultiSelect, NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import { api } from "../../api/client";
import { FormModal } from "../../parts/FormModal";
import { choose, complete, GrantsInput, grantsOf, isGrantsFault } from "../../parts/Grants";
import { type Permission, useMe } from "../../session/me";

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
  const submit = async () => {
    const k = await make.mutateAsync({
      body: {
        name,
        grants: grantsOf(chosen),
        ...(scopes.length > 0 ? { scopes: scopes as Permission[] } : {}),
        expires_at: until(Number(days)),
      },
    });
    props.made(k.name, k.token ?? "");
  };
  return (
    <FormModal
      opened={props.opened}
      close={leave}
      title="Make a token"
      action="Make the token"
      size="lg"
      fields={(path) => ["name", "scopes", "expires_at"].includes(path) || isGrantsFault(path)}
      disabled={!complete(chosen) || name.trim() === ""}
      submit={submit}
    >
      {(faults) => (
        <>
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
        </>
      )}
    </FormModal>
  );
}
