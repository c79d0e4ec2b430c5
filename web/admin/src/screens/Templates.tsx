import { Anchor, Badge, Group, Stack, Text } from "@mantine/core";
import { Link, useParams } from "@tanstack/react-router";
import { api } from "../api/client";
import { Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { type Column, Rows } from "../parts/Rows";
import { sh } from "../parts/sh";
import { channels, labelOf, whenOf } from "./messages/kinds";
import type { Kind } from "./template/words";

const parts = { subject: "subject", text: "plain text", html: "HTML", sms: "text message" } as const;

/** The parts of a kind that a tenant has words of its own for. */
const ownParts = (kind: Kind) =>
  (Object.keys(parts) as (keyof typeof parts)[]).filter((p) => kind.own?.[p]).map((p) => parts[p]);

/** Every kind of message, and whose words it has. */
export default function Templates() {
  const { slug = "" } = useParams({ strict: false });
  const query = api.useQuery("get", "/admin/v1/tenants/{slug}/templates", { params: { path: { slug } } });
  const columns: Column<Kind>[] = [
    {
      label: "Message",
      cell: (k) => (
        <Stack gap={2} align="start">
          <Anchor component={Link} to={`/tenants/${slug}/templates/${k.kind}`} fw={600}>
            {labelOf(k.kind)}
          </Anchor>
          <Text size="sm" c="dimmed" ta="start">
            {whenOf(k.kind)}
          </Text>
        </Stack>
      ),
    },
    {
      label: "Name",
      cell: (k) => (
        <code className="code" style={{ whiteSpace: "nowrap" }}>
          {k.kind}
        </code>
      ),
    },
    {
      label: "Goes out by",
      cell: (k) => (
        <Group gap={4} wrap="nowrap">
          {k.channels.map((c) => (
            <Badge key={c} color="gray" miw="max-content">
              {channels[c] ?? c}
            </Badge>
          ))}
        </Group>
      ),
    },
    {
      label: "Words",
      cell: (k) =>
        k.own ? (
          <Text size="sm">
            <b>Own:</b> {ownParts(k).join(", ")}
          </Text>
        ) : (
          <Text size="sm" c="dimmed">
            Built in
          </Text>
        ),
    },
  ];
  return (
    <Page
      title="Message templates"
      tab={`Message templates · ${slug}`}
      lead="What mails and text messages say. Every kind has built-in words that are good to go; choose one to see it as people get it, and to put it in words of your own."
      commands={[sh`admin mail template list --tenant ${slug}`, sh`admin mail kinds`]}
    >
      <Loaded query={query} lines={12}>
        {(data) => <Rows label="Kinds of messages" columns={columns} rows={data.items} id={(k) => k.kind} />}
      </Loaded>
    </Page>
  );
}
