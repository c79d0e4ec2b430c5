// One delivery: what was sent, and what was answered. Both are somebody else's text.

import { Alert, Button, Group, Stack, Table, Text } from "@mantine/core";
import { api } from "../../api/client";
import { Copy } from "../../parts/Copy";
import { Line } from "../../parts/Line";
import { Loaded } from "../../parts/Loaded";
import { Time } from "../../parts/Time";
import { number } from "../../parts/words";
import { type Delivery, DeliveryState } from "./state";

/** What came of the last attempt, in a sentence or two. */
export function Outcome({ delivery }: { delivery: Delivery }) {
  return (
    <Stack gap={4}>
      <Text size="sm" className="foreign">
        {delivery.status === null ? "There was no answer." : `The answer was ${delivery.status}`}
        {delivery.status !== null && ` after ${number(delivery.duration_ms)} ms.`}
        {delivery.error && ` ${delivery.error}`}
      </Text>
      {delivery.answer && (
        <pre className="code foreign" style={{ whiteSpace: "pre-wrap", margin: 0 }}>
          {delivery.answer}
        </pre>
      )}
    </Stack>
  );
}

export function DeliveryDetail(props: { slug: string; id: string; delivery: string; replay?: (id: string) => void }) {
  const { slug, id, delivery } = props;
  const query = api.useQuery("get", "/admin/v1/tenants/{slug}/webhooks/{id}/deliveries/{delivery}", {
    params: { path: { slug, id, delivery } },
  });
  return (
    <Loaded query={query} lines={8}>
      {(d) => {
        const payload = d.payload ? JSON.stringify(d.payload, null, 2) : undefined;
        return (
          <Stack>
            <Table variant="vertical" layout="fixed" withTableBorder aria-label="The delivery">
              <Table.Tbody>
                <Line label="Event">
                  <code className="code">{d.type}</code>
                </Line>
                <Line label="State">
                  <DeliveryState state={d.state} />
                </Line>
                <Line label="Attempts">{d.attempts}</Line>
                <Line label="Last attempt">
                  <Time at={d.attempted_at} none="none yet" />
                </Line>
                {d.due_at && (
                  <Line label="Tried next">
                    <Time at={d.due_at} />
                  </Line>
                )}
                <Line label="webhook-id">
                  <code className="code">{d.id}</code>
                </Line>
              </Table.Tbody>
            </Table>
            {d.attempts > 0 && (
              <div>
                <Text size="sm" fw={600}>
                  What was answered
                </Text>
                <Outcome delivery={d} />
              </div>
            )}
            <div>
              <Group justify="space-between">
                <Text size="sm" fw={600}>
                  What is sent
                </Text>
                {payload && <Copy value={payload} what="what is sent" />}
              </Group>
              {payload ? (
                <pre className="code foreign" style={{ whiteSpace: "pre-wrap", margin: 0 }}>
                  {payload}
                </pre>
              ) : (
                <Alert color="blue" variant="outline">
                  It was erased: what was sent is kept for seven days.
                </Alert>
              )}
            </div>
            {d.replayable && props.replay && (
              <Group justify="end">
                <Button onClick={() => props.replay?.(d.id)}>Send again</Button>
              </Group>
            )}
          </Stack>
        );
      }}
    </Loaded>
  );
}
