import { Button, Group, Stack } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { browser, headless } from "../../api/client";
import { SecretInput } from "../../parts/SecretInput";
import { Section } from "../../parts/Section";
import { done } from "../../parts/tell";
import { ask, faultsIn } from "../../session/answers";
import { readAgain } from "../../session/own";
import type { Prove } from "../../session/Prove";
import { Said } from "../../session/Said";
import { useOneAtATime } from "../../session/useOneAtATime";

export function Password({ prove }: { prove: Prove }) {
  const [now, setNow] = useState("");
  const [next, setNext] = useState("");
  const { busy, error, run } = useOneAtATime();
  const faults = faultsIn(error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run("change", async () => {
      const body = { current_password: now, new_password: next };
      await prove(() =>
        ask(() => headless.POST("/_allauth/{client}/v1/account/password/change", { ...browser, body })),
      );
      setNow("");
      setNext("");
      done("Your password was changed.");
      await readAgain();
    });
  };
  return (
    <Section title="Password" lead="Your other sessions end when you change it.">
      <form onSubmit={submit}>
        <Stack maw="24rem">
          <SecretInput
            label="Current password"
            value={now}
            onChange={(e) => setNow(e.currentTarget.value)}
            error={faults.current_password}
            autoComplete="current-password"
          />
          <SecretInput
            label="New password"
            value={next}
            onChange={(e) => setNext(e.currentTarget.value)}
            error={faults.new_password}
            autoComplete="new-password"
          />
          <Said error={error} fields={["current_password", "new_password"]} />
          <Group>
            <Button type="submit" loading={busy !== ""} disabled={now === "" || next === ""}>
              Change the password
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}
