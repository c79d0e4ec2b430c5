// The second factor of somebody who has one: a code of their app, a recovery code, or a key.
import { Button, Divider, Stack, TextInput } from "@mantine/core";
import { IconFingerprint } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { browser, headless } from "../api/client";
import { ask, type FactorType, faultsIn, type Outcome, step } from "./answers";
import { keysWork, showKey } from "./keys";
import { Said } from "./Said";
import { useOneAtATime } from "./useOneAtATime";

/** While a sign-in waits for it, or again of somebody who is signed in. */
type Act = "authenticate" | "reauthenticate";

const byCode = (act: Act, code: string) =>
  step(() =>
    act === "authenticate"
      ? headless.POST("/_allauth/{client}/v1/auth/2fa/authenticate", { ...browser, body: { code } })
      : headless.POST("/_allauth/{client}/v1/auth/2fa/reauthenticate", { ...browser, body: { code } }),
  );

async function byKey(act: Act): Promise<Outcome> {
  const { data } = await ask(() =>
    act === "authenticate"
      ? headless.GET("/_allauth/{client}/v1/auth/webauthn/authenticate", browser)
      : headless.GET("/_allauth/{client}/v1/auth/webauthn/reauthenticate", browser),
  );
  const body = { credential: await showKey(data.request_options.publicKey) };
  return step(() =>
    act === "authenticate"
      ? headless.POST("/_allauth/{client}/v1/auth/webauthn/authenticate", { ...browser, body })
      : headless.POST("/_allauth/{client}/v1/auth/webauthn/reauthenticate", { ...browser, body }),
  );
}

export function ShowFactor({ act, types, then }: { act: Act; types: FactorType[]; then: (o: Outcome) => unknown }) {
  const [code, setCode] = useState("");
  const { busy, error, run } = useOneAtATime();
  const codes = types.includes("totp") || types.includes("recovery_codes");
  const keys = types.includes("webauthn") && keysWork;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run("code", async () => then(await byCode(act, code)));
  };
  return (
    <Stack>
      {codes && (
        <form onSubmit={submit}>
          <Stack>
            <TextInput
              label="Code"
              description={
                types.includes("totp")
                  ? "The one that your authenticator app shows, or one of your recovery codes. Each is taken once."
                  : "One of your recovery codes. Each is taken once."
              }
              value={code}
              onChange={(e) => setCode(e.currentTarget.value)}
              error={faultsIn(error).code}
              autoComplete="one-time-code"
              autoCapitalize="none"
              spellCheck={false}
              required
              withAsterisk={false}
              autoFocus
              data-autofocus
            />
            <Button type="submit" loading={busy === "code"} disabled={busy !== "" && busy !== "code"} fullWidth>
              Go on
            </Button>
          </Stack>
        </form>
      )}
      {codes && keys && <Divider label="or" />}
      {keys && (
        <Button
          variant={codes ? "default" : "filled"}
          leftSection={<IconFingerprint size={18} aria-hidden />}
          loading={busy === "key"}
          disabled={busy !== "" && busy !== "key"}
          onClick={() => void run("key", async () => then(await byKey(act)))}
          fullWidth
        >
          Use a passkey or security key
        </Button>
      )}
      <Said error={error} fields={codes ? ["code"] : []} />
    </Stack>
  );
}
