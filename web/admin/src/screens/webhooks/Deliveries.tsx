// What a webhook was told, and what became of it.
import { Anchor, Button, Group, Modal, NativeSelect, Text, TextInput, VisuallyHidden } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import { api } from "../../api/client";
import { useAddress } from "../../parts/address";
import { Confirm } from "../../parts/Confirm";
import { Empty } from "../../parts/Empty";
import { Loaded } from "../../parts/Loaded";
import { byCursor, rowsOf } from "../../parts/pages";
import { type Column, Rows } from "../../parts/Rows";
import { Section } from "../../parts/Section";
import { Time } from "../../parts/Time";
import { done, failed } from "../../parts/tell";
import { whileAny } from "../../parts/whileAny";
import { count } from "../../parts/words";
import { DeliveryDetail } from "./DeliveryDetail";
import { type Delivery, DeliveryState, deliveryStates } from "./state";

export function Deliveries({ slug, id, change }: { slug: string; id: string; change: boolean }) {
  const [search, set] = useAddress();
  const [state, opened] = [search.state as Delivery["state"] | undefined, search.delivery];
  const [asking, ask] = useDisclosure(false);
  const query = api.useInfiniteQuery(
    "get",
    "/admin/v1/tenants/{slug}/webhooks/{id}/deliveries",
    { params: { path: { slug, id }, query: { limit: 25, ...(state ? { state } : {}) } } },
    { ...byCursor, refetchInterval: whileAny((d: Delivery) => d.state === "queued") },
  );
  const replay = api.useMutation("post", "/admin/v1/tenants/{slug}/webhooks/{id}/deliveries/{delivery}/replay");
  const again = (delivery: string) =>
    replay.mutate(
      { params: { path: { slug, id, delivery } } },
      { onSuccess: () => done("It is on its way again."), onError: failed },
    );
  const rows = rowsOf(query.data);
  const columns: Column<Delivery>[] = [
    {
      label: "Event",
      cell: (d) => (
        <Anchor component="button" type="button" size="sm" onClick={() => set({ delivery: d.id }, false)}>
          <code className="code nowrap">{d.type}</code>
        </Anchor>
      ),
    },
    { label: "State", cell: (d) => <DeliveryState state={d.state} /> },
    { label: "Attempts", cell: (d) => d.attempts },
    { label: "Answer", cell: (d) => d.status ?? "none" },
    { label: "Made", cell: (d) => <Time at={d.created_at} /> },
    {
      label: "Last error",
      cell: (d) =>
        d.error && (
          <Text size="sm" lineClamp={2} className="foreign">
            {d.error}
          </Text>
        ),
    },
    {
      label: "Actions",
      quiet: true,
      cell: (d) =>
        change &&
        d.replayable && (
          <Button size="xs" variant="default" onClick={() => again(d.id)} loading={replay.isPending}>
            Send again<VisuallyHidden component="span"> {d.type}</VisuallyHidden>
          </Button>
        ),
    },
  ];
  return (
    <Section
      title="Deliveries"
      lead="What was sent is kept for seven days, what became of it for thirty. A failure is tried again for two days."
      actions={
        <Group gap="xs" align="end">
          <NativeSelect
            aria-label="State"
            size="xs"
            value={state ?? ""}
            onChange={(e) => set({ state: e.currentTarget.value })}
            data={[
              { value: "", label: "Of any state" },
              ...Object.entries(deliveryStates).map(([value, { label }]) => ({ value, label })),
            ]}
          />
          {change && (
            <Button variant="default" size="xs" onClick={ask.open}>
              Send failed again
            </Button>
          )}
        </Group>
      }
    >
      <Loaded query={query} lines={4}>
        {() =>
          rows.length === 0 ? (
            <Empty title={state ? "No delivery is like that" : "Nothing was sent yet"}>
              {search.state
                ? "Choose another state."
                : "As soon as something happens that the webhook wants, it is listed here with what was answered. Send a test event to see it work."}
            </Empty>
          ) : (
            <Rows
              label="Deliveries"
              columns={columns}
              rows={rows}
              id={(d) => d.id}
              more={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
              busy={query.isFetchingNextPage}
            />
          )
        }
      </Loaded>
      <Modal opened={opened !== undefined} onClose={() => set({ delivery: "" })} title="Delivery" size="xl">
        {opened !== undefined && (
          <DeliveryDetail slug={slug} id={id} delivery={opened} replay={change ? again : undefined} />
        )}
      </Modal>
      <ReplayFailed slug={slug} id={id} opened={asking} close={ask.close} />
    </Section>
  );
}

/** A day ago, as the control for times has it: in the reader's time, without a zone. */
const yesterday = () => {
  const then = new Date(Date.now() - 86_400_000);
  return new Date(then.getTime() - then.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

function ReplayFailed(props: { slug: string; id: string; opened: boolean; close: () => void }) {
  const { slug, id } = props;
  const [since, setSince] = useState(yesterday);
  const replay = api.useMutation("post", "/admin/v1/tenants/{slug}/webhooks/{id}/replay");
  return (
    <Confirm
      opened={props.opened}
      close={props.close}
      title="Send again what was given up?"
      action="Send again"
      run={async () => {
        let sent = 0;
        for (let more = true; more; ) {
          const answer = await replay.mutateAsync({
            params: { path: { slug, id } },
            body: { since: new Date(since).toISOString() },
          });
          sent += answer.replayed;
          more = answer.more && answer.replayed > 0;
        }
        done(
          sent === 0
            ? "There was nothing to send again."
            : `${count(sent, "delivery", "deliveries")} on their way again.`,
        );
      }}
    >
      <Text size="sm" mb="sm">
        All deliveries that were given up since then are sent again, with the ids that they had. What is older than
        seven days is erased, and cannot be.
      </Text>
      <TextInput
        type="datetime-local"
        label="Since"
        required
        withAsterisk={false}
        value={since}
        onChange={(e) => setSince(e.currentTarget.value)}
      />
    </Confirm>
  );
}
