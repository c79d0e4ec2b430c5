// Setting an authenticator app up: a secret that is shown as a QR code, and a code of the app that shows that it has it.
import { Alert, Button, Group, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { browser, headless } from "../api/client";
import { Copy } from "../parts/Copy";
import { QrCode } from "../parts/QrCode";
import { ask, Declined, faultsIn } from "./answers";
import { Said } from "./Said";
import { useOneAtATime } from "./useOneAtATime";

interface Setup {
  secret: string;
  totp_url: string;
}

/** What an app is set up with. Where there is none yet, the server says so, and has this beside it. */
async function newSetup(): Promise<Setup> {
  const { error, response } = await headless.GET("/_allauth/{client}/v1/account/authenticators/totp", browser);
  const meta = (error as { meta?: Setup } | undefined)?.meta;
  if (response.status === 404 && meta) {
    return meta;
  }
  if (response.ok) {
    throw new Error("Your account has an authenticator app already. Remove that one first.");
  }
  throw new Declined(response.status, (error ?? {}) as object, response.headers.get("Retry-After"));
}

export function SetUpApp(props: {
  prove: <T>(act: () => Promise<T>) => Promise<T>;
  then: () => unknown;
  cancel?: () => void;
}) {
  const [setup, setSetup] = useState<Setup>();
  const [code, setCode] = useState("");
  const { busy, error, setError, run } = useOneAtATime();
  const asked = useRef(false);
  useEffect(() => {
    if (!asked.current) {
      asked.current = true; // each look makes a new secret, which takes the place of the one before
      newSetup().then(setSetup, setError);
    }
  }, [setError]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run("code", async () => {
      await props.prove(() =>
        ask(() => headless.POST("/_allauth/{client}/v1/account/authenticators/totp", { ...browser, body: { code } })),
      );
      await props.then();
    });
  };
  if (!setup && error) {
    return <Said error={error} />;
  }
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm">1. Scan this with your authenticator app, or type the secret into it.</Text>
        <Group align="center" gap="md" justify="center" mih={196}>
          {setup ? (
            <QrCode text={setup.totp_url} label="QR code for your authenticator app" />
          ) : (
            <Skeleton w={196} h={196} aria-busy="true" />
          )}
        </Group>
        <Group wrap="nowrap" justify="space-between" mih={28}>
          <code className="code" data-secret>
            {setup?.secret.replaceAll(/(.{4})(?=.)/g, "$1 ")}
          </code>
          {setup && <Copy value={setup.secret} what="the secret" />}
        </Group>
        <TextInput
          label="2. Type the code that it shows"
          value={code}
          onChange={(e) => setCode(e.currentTarget.value)}
          error={faultsIn(error).code}
          inputMode="numeric"
          autoComplete="one-time-code"
          spellCheck={false}
          required
          withAsterisk={false}
          autoFocus
          data-autofocus
        />
        <Said error={error} fields={["code"]} />
        <Group justify="end">
          {props.cancel && (
            <Button variant="default" onClick={props.cancel}>
              Cancel
            </Button>
          )}
          <Button type="submit" loading={busy !== ""} disabled={!setup}>
            Add the app
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** What an authenticator app is, for whoever has none. */
export function WhatIsAnApp() {
  return (
    <Alert color="blue" variant="outline">
      An authenticator app makes a code every half a minute that only your device knows, such as Aegis, 2FAS, Google
      Authenticator, or a password manager.
    </Alert>
  );
}
