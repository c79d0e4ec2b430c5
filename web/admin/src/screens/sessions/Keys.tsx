// The keys that a tenant's tokens are signed with: what each does now, and until when.
import { Badge, Group, Stack, Text, Tooltip } from "@mantine/core";
import { api } from "../../api/client";
import { Empty } from "../../parts/Empty";
import { Loaded } from "../../parts/Loaded";
import { May } from "../../parts/May";
import { Rows } from "../../parts/Rows";
import { Section } from "../../parts/Section";
import { Time } from "../../parts/Time";
import { useMay } from "../../session/me";
import { ImportKey, Retire, Rotate } from "./KeyActs";
import { type Key, origins, states, timeline } from "./keys";
import "./sessions.css";

export function Keys({ slug, settings }: { slug: string; settings: Record<string, unknown> }) {
  const may = useMay();
  const keys = api.useQuery(
    "get",
    "/admin/v1/tenants/{slug}/keys",
    { params: { path: { slug } } },
    { enabled: may("keys.read") },
  );
  if (!may("keys.read")) {
    return null;
  }
  const headless = (settings.headless ?? {}) as Record<string, unknown>;
  const jwt = headless.token_strategy === "jwt";
  return (
    <Section
      title="Keys"
      lead="One key signs. The next is published before it does, and the one before stays until its last token has expired, so that nobody meets a token that cannot be checked."
      actions={
        jwt ? (
          <Group gap="xs">
            <May permission="keys.import">
              <ImportKey slug={slug} algorithm={String(headless.jwt_algorithm ?? "RS256")} />
            </May>
            <May permission="keys.rotate">
              <Rotate slug={slug} />
            </May>
          </Group>
        ) : undefined
      }
    >
      <Loaded query={keys} lines={3}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No keys yet">
              {jwt
                ? "The first is made when the first token is, or when the key set is first asked for."
                : "Keys are for access tokens. They begin when a sign-in hands them out: choose that under Tokens, and save."}
            </Empty>
          ) : (
            <KeyRows slug={slug} keys={items} />
          )
        }
      </Loaded>
    </Section>
  );
}

function KeyRows({ slug, keys }: { slug: string; keys: Key[] }) {
  const may = useMay();
  const line = timeline(keys, new Date());
  return (
    <Rows
      label="Keys"
      rows={keys.map((key, i) => ({ key, life: line.of[i] ?? [] }))}
      id={({ key }) => key.kid || key.created_at}
      columns={[
        {
          label: "Key",
          cell: ({ key }) => (
            <Stack gap={0}>
              <code className="code foreign">{key.kid || "shared secret"}</code>
              <Text size="xs" c="dimmed">
                {key.algorithm}, {origins[key.origin]} <Time at={key.created_at} />
              </Text>
            </Stack>
          ),
        },
        {
          label: "State",
          cell: ({ key }) => (
            <Tooltip label={states[key.state].means}>
              <Badge color={states[key.state].colour} variant="dot" miw="max-content" tabIndex={0}>
                {states[key.state].label}
              </Badge>
            </Tooltip>
          ),
        },
        { label: "When", cell: ({ key }) => <Text size="sm">{when(key)}</Text> },
        {
          label: "Life",
          cell: ({ life }) => (
            <div className="key-line" aria-hidden="true" style={{ inlineSize: "10rem" }}>
              {life.map((s) => (
                <span key={s.kind} data-kind={s.kind} style={{ left: `${s.from}%`, width: `${s.to - s.from}%` }} />
              ))}
              <span data-kind="now" style={{ left: `${line.now}%` }} />
            </div>
          ),
        },
        {
          label: "Actions",
          quiet: true,
          cell: ({ key }) =>
            key.state !== "active" && key.origin !== "settings" && may("keys.retire") ? (
              <Retire slug={slug} of={key} />
            ) : null,
        },
      ]}
    />
  );
}

/** What comes next for a key. */
function when(key: Key) {
  switch (key.state) {
    case "next":
      return (
        <>
          signs <Time at={key.signs_from} />
        </>
      );
    case "active":
      return (
        <>
          since <Time at={key.signs_from} />
          {key.retires_at ? (
            <>
              , until <Time at={key.retires_at} />
            </>
          ) : key.rotates_at ? (
            <>
              ; the next is published <Time at={key.rotates_at} />
            </>
          ) : (
            "; rotated by hand"
          )}
        </>
      );
    case "retired":
      return (
        <>
          published until <Time at={key.known_until} none="its tokens have expired" />
        </>
      );
  }
}
