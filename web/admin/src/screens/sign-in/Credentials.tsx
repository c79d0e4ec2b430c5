import { Button, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useRef, useState } from "react";
import { browser, headless } from "../../api/client";
import { SecretInput } from "../../parts/SecretInput";
import { Declined, faultsIn, type Outcome, step } from "../../session/answers";
import { Said } from "../../session/Said";
import { useOneAtATime } from "../../session/useOneAtATime";

/** Signing in by address and password. */
export function Credentials({ then }: { then: (o: Outcome) => void }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const { busy, error, run } = useOneAtATime();
  const faults = faultsIn(error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run("password", async () => {
      try {
        then(
          await step(() =>
            headless.POST("/_allauth/{client}/v1/auth/login", { ...browser, body: { email, password } }),
          ),
        );
      } catch (failed) {
        if (failed instanceof Declined && failed.status === 409) {
          then({ signedIn: true, stage: "", types: [] }); // in another tab, meanwhile
          return;
        }
        field.current?.select();
        throw failed;
      }
    });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="Email address"
          type="email"
          value={email}
          onChange={(e) => setEmail(e.currentTarget.value)}
          error={faults.email}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          withAsterisk={false}
          autoFocus
        />
        <SecretInput
          ref={field}
          label="Password"
          value={password}
          onChange={(e) => setPassword(e.currentTarget.value)}
          error={faults.password}
          autoComplete="current-password"
        />
        <Said error={error} fields={["email", "password"]} />
        <Button type="submit" loading={busy !== ""} fullWidth>
          Sign in
        </Button>
      </Stack>
    </form>
  );
}
