import { Button, Divider, Stack } from "@mantine/core";
import { IconFingerprint } from "@tabler/icons-react";
import { browser, headless } from "../../api/client";
import { ask, type Outcome, step } from "../../session/answers";
import { keysWork, showKey } from "../../session/keys";
import { Said } from "../../session/Said";
import { useOneAtATime } from "../../session/useOneAtATime";

/** Signing in by a passkey alone, which is both factors at once. */
export function PasskeyButton({ then }: { then: (o: Outcome) => void }) {
  const { busy, error, run } = useOneAtATime();
  if (!keysWork) {
    return null;
  }
  const signIn = async () => {
    const { data } = await ask(() => headless.GET("/_allauth/{client}/v1/auth/webauthn/login", browser));
    const credential = await showKey(data.request_options.publicKey);
    then(
      await step(() =>
        headless.POST("/_allauth/{client}/v1/auth/webauthn/login", { ...browser, body: { credential } }),
      ),
    );
  };
  return (
    <Stack>
      <Divider label="or" />
      <Button
        variant="default"
        leftSection={<IconFingerprint size={18} aria-hidden />}
        loading={busy !== ""}
        onClick={() => void run("key", signIn)}
        fullWidth
      >
        Sign in with a passkey
      </Button>
      <Said error={error} />
    </Stack>
  );
}
