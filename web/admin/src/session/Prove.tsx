// What changes how somebody signs in asks for a recent proof that it is them. It is asked for when the server wants it, and what was
// asked for is then done.

import { Anchor, Button, Modal, Stack, Text } from "@mantine/core";
import { type FormEvent, type ReactNode, useRef, useState } from "react";
import { browser, headless } from "../api/client";
import { gate } from "../api/queries";
import { SecretInput } from "../parts/SecretInput";
import { useOnTop } from "../parts/useOnTop";
import { Declined, type Flow, faultsIn, GivenUp, type Outcome, step } from "./answers";
import { Said } from "./Said";
import { ShowFactor } from "./ShowFactor";
import { useOneAtATime } from "./useOneAtATime";

interface Waiting {
  flows: Flow[];
  again: () => void;
  giveUp: () => void;
}

export type Prove = <T>(act: () => Promise<T>) => Promise<T>;

/** prove does something, and asks who it is where the server wants to know first; dialog is where it asks. */
export function useProof(): { prove: Prove; dialog: ReactNode } {
  const [waiting, setWaiting] = useState<Waiting>();
  useOnTop(waiting !== undefined);
  const latest = useRef(waiting);
  latest.current = waiting;
  const prove: Prove = async (act) => {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof Declined) || error.status !== 401) {
        throw error;
      }
      if (error.type !== "urn:vestibule:problem:prove-again") {
        gate.signIn();
        throw error;
      }
      await new Promise<void>((again, refuse) =>
        setWaiting({
          flows: error.flows,
          again,
          giveUp: () => refuse(new GivenUp("Nothing was changed.")),
        }),
      );
      return act();
    }
  };
  const close = (done: boolean) => {
    const was = latest.current;
    setWaiting(undefined);
    if (done) {
      was?.again();
    } else {
      was?.giveUp();
    }
  };
  const dialog = (
    // Above the dialog that it is asked for: both may be open.
    <Modal opened={waiting !== undefined} onClose={() => close(false)} title="Show that it is you" zIndex={300}>
      {waiting && <Ways flows={waiting.flows} then={() => close(true)} />}
    </Modal>
  );
  return { prove, dialog };
}

function Ways({ flows, then }: { flows: Flow[]; then: () => void }) {
  const factor = flows.find((f) => f.id === "mfa_reauthenticate")?.types ?? [];
  const password = flows.some((f) => f.id === "reauthenticate");
  const [byFactor, setByFactor] = useState(!password);
  const shown = (o: Outcome) => {
    if (o.signedIn) {
      then();
    } else {
      gate.signIn();
    }
  };
  return (
    <Stack>
      <Text size="sm">This changes how you sign in, and it is a while since you showed that it is you.</Text>
      {byFactor ? <ShowFactor act="reauthenticate" types={factor} then={shown} /> : <ByPassword then={shown} />}
      {password && factor.length > 0 && (
        <Anchor component="button" type="button" size="sm" onClick={() => setByFactor(!byFactor)}>
          {byFactor ? "Use your password instead" : "Use your second factor instead"}
        </Anchor>
      )}
    </Stack>
  );
}

function ByPassword({ then }: { then: (o: Outcome) => void }) {
  const [password, setPassword] = useState("");
  const { busy, error, run } = useOneAtATime();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run("password", async () =>
      then(
        await step(() =>
          headless.POST("/_allauth/{client}/v1/auth/reauthenticate", { ...browser, body: { password } }),
        ),
      ),
    );
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <SecretInput
          label="Your password"
          value={password}
          onChange={(e) => setPassword(e.currentTarget.value)}
          error={faultsIn(error).password}
          autoComplete="current-password"
          data-autofocus
        />
        <Said error={error} fields={["password"]} />
        <Button type="submit" loading={busy !== ""}>
          Go on
        </Button>
      </Stack>
    </form>
  );
}
