import { Badge, Button, Group, Text } from "@mantine/core";
import { useState } from "react";
import { browser, headless } from "../../api/client";
import { Confirm } from "../../parts/Confirm";
import { device } from "../../parts/device";
import { Loaded } from "../../parts/Loaded";
import { type Column, Rows } from "../../parts/Rows";
import { Section } from "../../parts/Section";
import { Time } from "../../parts/Time";
import { done, failed } from "../../parts/tell";
import { count } from "../../parts/words";
import { ask } from "../../session/answers";
import { readAgain, useOwnSessions } from "../../session/own";
import { useOneAtATime } from "../../session/useOneAtATime";
import { at } from "./at";

async function end(ids: number[]): Promise<void> {
  await ask(() => headless.DELETE("/_allauth/{client}/v1/auth/sessions", { ...browser, body: { sessions: ids } }));
  await readAgain();
  done(ids.length === 1 ? "The session was ended." : `${count(ids.length, "session")} were ended.`);
}

type Session = NonNullable<ReturnType<typeof useOwnSessions>["data"]>[number];

export function OwnSessions() {
  const query = useOwnSessions();
  const { busy, run } = useOneAtATime();
  const [asking, setAsking] = useState(false);
  const others = (query.data ?? []).filter((s) => !s.is_current).map((s) => s.id);
  const columns: Column<Session>[] = [
    {
      label: "Browser",
      cell: (s) => (
        <Group gap={6}>
          <Text size="sm" className="foreign" title={s.user_agent}>
            {device(s.user_agent)}
          </Text>
          {s.is_current && <Badge color="blue">this one</Badge>}
        </Group>
      ),
    },
    { label: "Address", cell: (s) => <code className="code">{s.ip}</code> },
    { label: "Signed in", cell: (s) => <Time at={at(s.created_at)} /> },
    {
      label: "Actions",
      quiet: true,
      cell: (s) =>
        !s.is_current && (
          <Group justify="end">
            <Button
              variant="default"
              size="xs"
              loading={busy === String(s.id)}
              aria-label={`End the session of ${device(s.user_agent)} at ${s.ip}`}
              onClick={() => void run(String(s.id), () => end([s.id]).catch(failed))}
            >
              End
            </Button>
          </Group>
        ),
    },
  ];
  return (
    <Section
      title="Sessions"
      lead="Where you are signed in. End what you do not know, and change your password then."
      actions={
        others.length > 0 && (
          <Button variant="default" onClick={() => setAsking(true)}>
            End all others
          </Button>
        )
      }
    >
      <Loaded query={query} lines={2}>
        {(all) => <Rows label="Your sessions" columns={columns} rows={all} id={(s) => String(s.id)} />}
      </Loaded>
      <Confirm
        opened={asking}
        close={() => setAsking(false)}
        title="End all other sessions?"
        action="End them"
        run={() => end(others)}
      >
        {count(others.length, "other session")} {others.length === 1 ? "is" : "are"} signed out at once. This one goes
        on.
      </Confirm>
    </Section>
  );
}
