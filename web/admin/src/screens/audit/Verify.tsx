// Goes along the chain of a tenant's log, and says in plain words whether it holds.
import { Alert, Button, Group, Modal, Progress, Stack, Text } from "@mantine/core";
import { IconShieldCheck } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { admin, type Schema } from "../../api/client";
import { Copy } from "../../parts/Copy";
import { Failure } from "../../parts/Failure";
import { count, number } from "../../parts/words";

type Report = Schema<"AuditReport">;

const faults: Record<NonNullable<Report["break"]>["kind"], string> = {
  changed: "is not as it was written",
  removed: "is gone",
  inserted: "was put in later",
  reordered: "has another event's place",
  cut: "and those after it are gone",
  blanked: "had its personal part erased, though its user is still there",
  head_changed:
    "is not the end that the server left: the chain was changed where it begins or ends, or is gone as a whole",
};

interface Sum {
  report: Report;
  verified: number;
  erased: number;
}

export function Verify({ slug }: { slug: string }) {
  const [opened, setOpened] = useState(false);
  const [sum, setSum] = useState<Sum>();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const stopped = useRef(false);
  const run = async () => {
    stopped.current = false;
    setOpened(true);
    setBusy(true);
    setError(undefined);
    setSum(undefined);
    let [cursor, verified, erased] = [undefined as string | undefined, 0, 0];
    do {
      const answer = await admin
        .GET("/admin/v1/tenants/{slug}/audit/verify", { params: { path: { slug }, query: cursor ? { cursor } : {} } })
        .catch((failed: unknown) => ({ data: undefined, error: failed }));
      if (stopped.current) {
        return;
      }
      if (!answer.data) {
        setError(answer.error ?? new Error("no answer"));
        break;
      }
      verified += answer.data.verified;
      erased += answer.data.erased;
      setSum({ report: answer.data, verified, erased });
      cursor = answer.data.break ? undefined : (answer.data.next_cursor ?? undefined);
    } while (cursor);
    setBusy(false);
  };
  const close = () => {
    stopped.current = true;
    setBusy(false);
    setOpened(false);
  };
  const total = sum ? Math.max(1, sum.report.last_number - sum.report.first_number + 1) : 1;
  return (
    <>
      <Button variant="default" leftSection={<IconShieldCheck size={16} />} onClick={() => void run()}>
        Verify the chain
      </Button>
      <Modal opened={opened} onClose={close} title="Was this log tampered with?" size="lg">
        <Stack aria-live="polite">
          {busy && (
            <>
              <Text size="sm">
                {sum ? `${count(sum.verified, "event")} verified so far.` : "Looking at the chain…"}
              </Text>
              <Progress
                value={sum ? Math.min(100, (100 * sum.verified) / total) : 0}
                aria-label="How much of the log is verified"
                transitionDuration={0}
              />
            </>
          )}
          {error !== undefined && <Failure error={error} retry={() => void run()} />}
          {!busy && error === undefined && sum && <Result slug={slug} {...sum} />}
          <Group justify="end">
            <Button variant="default" onClick={close}>
              {busy ? "Stop" : "Close"}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}

function Result({ slug, report, verified, erased }: Sum & { slug: string }) {
  if (report.break) {
    const { kind, number: nth, event_id } = report.break;
    return (
      <Alert color="red" variant="outline" title="Yes: the chain does not hold">
        <Stack gap="xs">
          <Text size="sm">
            Event number {number(nth)} {faults[kind]}. Up to there, {count(verified, "event")} held. Keep a copy of the
            database as it is, and look into who could write to it.
          </Text>
          {event_id && (
            <Text size="sm">
              Its id: <code className="code">{event_id}</code>
            </Text>
          )}
        </Stack>
      </Alert>
    );
  }
  const kept = `${slug} ${report.last_number} ${report.head}`;
  return (
    <Stack gap="sm">
      <Alert color="green" variant="outline" title="No: the chain holds">
        <Text size="sm">
          {verified === 0
            ? "There is nothing in it yet."
            : `${count(verified, "event")} are as they were written, none is missing and none was put in.`}
          {erased > 0 && ` Of ${count(erased, "of them", "of them")}, what is personal was erased with its user.`}
        </Text>
      </Alert>
      {report.head && (
        <>
          <Text size="sm">
            Keep this in another place. A log that was set back as a whole is in order as of then, but has not got this
            far:
          </Text>
          <Group wrap="nowrap" justify="space-between" align="start">
            <code className="code">{kept}</code>
            <Copy value={kept} what="the number and the head" />
          </Group>
        </>
      )}
    </Stack>
  );
}
