import { Alert, Anchor, Badge, Button, Group, Modal, NativeSelect, Table, Text, VisuallyHidden } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { api, type Schema } from "../api/client";
import { useAddress } from "../parts/address";
import { Empty } from "../parts/Empty";
import { Line } from "../parts/Line";
import { Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { byCursor, rowsOf } from "../parts/pages";
import { type Column, Rows } from "../parts/Rows";
import { sh } from "../parts/sh";
import { Time } from "../parts/Time";
import { done, failed } from "../parts/tell";
import { whileAny } from "../parts/whileAny";
import { useMay } from "../session/me";
import { channels, labelOf } from "./messages/kinds";

type Message = Schema<"Message">;
type Filter = { state?: Message["state"]; kind?: string; channel?: Message["channel"] };

const states = {
  queued: { label: "Waiting", color: "blue" },
  sent: { label: "Sent", color: "green" },
  failed: { label: "Failed", color: "red" },
  expired: { label: "Expired", color: "gray" },
} as const;

function State({ state }: { state: Message["state"] }) {
  return (
    <Badge color={states[state].color} miw="max-content">
      {states[state].label}
    </Badge>
  );
}

/** The delivery log: whom messages went to, and what became of them; never what they said. */
export default function Messages() {
  const { slug = "" } = useParams({ strict: false });
  const [{ id: opened, ...search }, set] = useAddress();
  const may = useMay();
  const query = api.useInfiniteQuery(
    "get",
    "/admin/v1/tenants/{slug}/messages",
    { params: { path: { slug }, query: { limit: 50, ...(search as Filter) } } },
    { ...byCursor, refetchInterval: whileAny((m: Message) => m.state === "queued") },
  );
  const kinds = api.useQuery("get", "/admin/v1/mail-kinds", {}, { staleTime: Number.POSITIVE_INFINITY });
  const retry = api.useMutation("post", "/admin/v1/tenants/{slug}/messages/{id}/retry");
  const again = (id: string) =>
    retry.mutate(
      { params: { path: { slug, id } } },
      { onSuccess: () => done("It is on its way again."), onError: failed },
    );
  const filtered = Object.keys(search).length > 0;
  const rows = rowsOf(query.data);
  const columns: Column<Message>[] = [
    {
      label: "To",
      cell: (m) => (
        <Anchor
          component="button"
          type="button"
          size="sm"
          ta="start"
          className="foreign"
          onClick={() => set({ id: m.id }, false)}
        >
          {m.recipient ?? "erased"}
        </Anchor>
      ),
    },
    { label: "What", cell: (m) => labelOf(m.kind) },
    { label: "By", cell: (m) => channels[m.channel] },
    { label: "State", cell: (m) => <State state={m.state} /> },
    { label: "Asked for", cell: (m) => <Time at={m.created_at} /> },
    {
      label: "Last error",
      cell: (m) =>
        m.error && (
          <Text size="sm" lineClamp={2} className="foreign">
            {m.error}
          </Text>
        ),
    },
    {
      label: "Actions",
      quiet: true,
      cell: (m) =>
        m.retryable &&
        may("mail.send") && (
          <Button size="xs" variant="default" onClick={() => again(m.id)} loading={retry.isPending}>
            Send again<VisuallyHidden component="span"> to {m.recipient}</VisuallyHidden>
          </Button>
        ),
    },
  ];
  return (
    <Page
      title="Delivery log"
      tab={`Delivery log · ${slug}`}
      lead="Mails and text messages of the last thirty days: whom they went to, and what became of them. What they said is never shown."
      commands={[
        sh`admin mail log --tenant ${slug} ${(["state", "kind", "channel"] as const).map((name) =>
          search[name] ? sh`--${name} ${search[name]}` : undefined,
        )}`,
        sh`admin mail show ${opened ?? "ID"} --tenant ${slug}`,
        sh`admin mail retry ${opened ?? "ID"} --tenant ${slug}`,
      ]}
    >
      <Group align="end">
        <NativeSelect
          label="State"
          value={search.state ?? ""}
          onChange={(e) => set({ state: e.currentTarget.value })}
          data={[
            { value: "", label: "Any" },
            ...Object.entries(states).map(([value, { label }]) => ({ value, label })),
          ]}
        />
        <NativeSelect
          label="What"
          w={240} // its options come later than it does, and must not make it wider then
          value={search.kind ?? ""}
          onChange={(e) => set({ kind: e.currentTarget.value })}
          data={[
            { value: "", label: "Anything" },
            ...(kinds.data?.items ?? []).map((k) => ({ value: k.kind, label: labelOf(k.kind) })),
          ]}
        />
        <NativeSelect
          label="By"
          value={search.channel ?? ""}
          onChange={(e) => set({ channel: e.currentTarget.value })}
          data={[
            { value: "", label: "Mail and SMS" },
            ...Object.entries(channels).map(([value, label]) => ({ value, label })),
          ]}
        />
        {filtered && (
          <Button variant="default" onClick={() => set({ state: "", kind: "", channel: "" })}>
            Show all
          </Button>
        )}
      </Group>
      <Loaded query={query} lines={8}>
        {() =>
          rows.length === 0 ? (
            filtered ? (
              <Empty title="No message is like that">Choose other filters, or show all.</Empty>
            ) : (
              <Empty title="No messages yet">
                Whenever somebody signs up, asks for a code or resets a password, the mail or text message is listed
                here. To see whether mail goes out at all, send a test from Email and SMS.
              </Empty>
            )
          ) : (
            <Rows
              label="Messages"
              columns={columns}
              rows={rows}
              id={(m) => m.id}
              more={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
              busy={query.isFetchingNextPage}
            />
          )
        }
      </Loaded>
      <Modal opened={opened !== undefined} onClose={() => set({ id: "" })} title="What became of a message" size="lg">
        {opened !== undefined && <Detail slug={slug} id={opened} again={may("mail.send") ? again : undefined} />}
      </Modal>
    </Page>
  );
}

function Detail({ slug, id, again }: { slug: string; id: string; again?: (id: string) => void }) {
  const query = api.useQuery("get", "/admin/v1/tenants/{slug}/messages/{id}", { params: { path: { slug, id } } });
  return (
    <Loaded query={query} lines={8}>
      {(m) => (
        <>
          <Table variant="vertical" layout="fixed" withTableBorder aria-label="The message">
            <Table.Tbody>
              <Line label="To">{m.recipient ?? "erased, with whoever it was for"}</Line>
              <Line label="What">
                {labelOf(m.kind)} <code className="code">{m.kind}</code>
              </Line>
              <Line label="By">{channels[m.channel]}</Line>
              <Line label="State">
                <State state={m.state} />
              </Line>
              <Line label="Asked for">
                <Time at={m.created_at} />
              </Line>
              <Line label="Attempts">{m.attempts}</Line>
              {m.due_at && (
                <Line label="Tried next">
                  <Time at={m.due_at} />
                </Line>
              )}
              {m.finished_at && (
                <Line label={m.state === "sent" ? "Sent" : "Given up"}>
                  <Time at={m.finished_at} />
                </Line>
              )}
              <Line label="Good until">
                <Time at={m.expires_at} none="always" />
              </Line>
              {m.error && <Line label="Last error">{m.error}</Line>}
              <Line label="Id">
                <code className="code">{m.id}</code>
              </Line>
            </Table.Tbody>
          </Table>
          {m.state === "expired" && (
            <Alert color="blue" variant="outline" mt="md">
              The code in it is good no more: whoever it was for has to ask for another.
            </Alert>
          )}
          {m.retryable && again && (
            <Group justify="end" mt="md">
              <Button onClick={() => again(m.id)}>Send again</Button>
            </Group>
          )}
        </>
      )}
    </Loaded>
  );
}
