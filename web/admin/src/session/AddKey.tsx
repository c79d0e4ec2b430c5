import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { browser, headless } from "../api/client";
import { ask, faultsIn } from "./answers";
import { keysWork, makeKey } from "./keys";
import { Said } from "./Said";
import { useOneAtATime } from "./useOneAtATime";

/** Makes a passkey, which signs in by itself, and gives it a name. */
export function AddKey(props: {
  prove: <T>(act: () => Promise<T>) => Promise<T>;
  then: () => unknown;
  cancel?: () => void;
}) {
  const [name, setName] = useState("");
  const { busy, error, run } = useOneAtATime();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run("key", async () => {
      const { data } = await props.prove(() =>
        ask(() =>
          headless.GET("/_allauth/{client}/v1/account/authenticators/webauthn", {
            params: { path: { client: "browser" }, query: { passwordless: "" } },
          }),
        ),
      );
      const credential = await makeKey(data.creation_options.publicKey);
      await ask(() =>
        headless.POST("/_allauth/{client}/v1/account/authenticators/webauthn", {
          ...browser,
          body: { name, credential },
        }),
      );
      await props.then();
    });
  };
  if (!keysWork) {
    return <Text size="sm">This browser cannot make passkeys. Add an authenticator app, or use another browser.</Text>;
  }
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm">
          A passkey signs you in with your finger, face or PIN, and is both factors at once. It is kept in this device,
          your password manager or a security key.
        </Text>
        <TextInput
          label="Name"
          description="So that you know it among others, such as “Laptop” or “Blue key”."
          value={name}
          maxLength={100}
          onChange={(e) => setName(e.currentTarget.value)}
          error={faultsIn(error).name}
          autoComplete="off"
          data-autofocus
        />
        <Said error={error} fields={["name"]} />
        <Group justify="end">
          {props.cancel && (
            <Button variant="default" onClick={props.cancel}>
              Cancel
            </Button>
          )}
          <Button type="submit" loading={busy !== ""}>
            Make a passkey
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
