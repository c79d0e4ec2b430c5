import { Badge, Button, Group, Stack, Text, Tooltip } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { api, type Schema } from "../api/client";
import { Confirm } from "../parts/Confirm";
import { Empty } from "../parts/Empty";
import { GrantBadges } from "../parts/Grants";
import { Loaded } from "../parts/Loaded";
import { May } from "../parts/May";
import { Once } from "../parts/Once";
import { Page } from "../parts/Page";
import { type Column, Rows } from "../parts/Rows";
import { sh } from "../parts/sh";
import { Time } from "../parts/Time";
import { done } from "../parts/tell";
import { count } from "../parts/words";
import { useMay } from "../session/me";
import { NewToken } from "./tokens/NewToken";

type Token = Schema<"Token">;

const soon = 14 * 86400_000;

function Expiry({ at }: { at: string }) {
  const left = new Date(at).getTime() - Date.now();
  return (
    <Group gap={6}>
      <Time at={at} />
      {left <= 0 ? <Badge color="red">expired</Badge> : left < soon && <Badge color="yellow">soon</Badge>}
    </Group>
  );
}

export default function Tokens() {
  const query = api.useQuery("get", "/admin/v1/tokens");
  const revoke = api.useMutation("delete", "/admin/v1/tokens/{id}");
  const may = useMay();
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<{ name: string; secret: string }>();
  const [revoking, setRevoking] = useState<Token>();
  const make = (
    <May permission="tokens.change">
      <Button leftSection={<IconPlus size={16} />} onClick={() => setMaking(true)}>
        Make a token
      </Button>
    </May>
  );
  const columns: Column<Token>[] = [
    {
      label: "Token",
      cell: (k) => (
        <Stack gap={0}>
          <Text size="sm" fw={600} className="foreign">
            {k.name}
          </Text>
          <Text size="xs" c="dimmed" className="foreign">
            made by {k.created_by}, <Time at={k.created_at} />
          </Text>
        </Stack>
      ),
    },
    {
      label: "May do",
      cell: (k) => (
        <Group gap={6}>
          <GrantBadges grants={k.grants} />
          {k.scopes && (
            <Tooltip label={k.scopes.join(", ")} multiline maw={320}>
              <Text size="xs" c="dimmed" tabIndex={0}>
                only {count(k.scopes.length, "permission")}
              </Text>
            </Tooltip>
          )}
        </Group>
      ),
    },
    { label: "Expires", cell: (k) => <Expiry at={k.expires_at} /> },
    {
      label: "Last used",
      cell: (k) => (
        <Stack gap={0}>
          <Text size="sm" component="span">
            <Time at={k.last_used_at} />
          </Text>
          {k.last_used_ip && (
            <Text size="xs" c="dimmed" className="code">
              {k.last_used_ip}
            </Text>
          )}
        </Stack>
      ),
    },
  ];
  if (may("tokens.change")) {
    columns.push({
      label: "Actions",
      quiet: true,
      cell: (k) => (
        <Group justify="end">
          <Button variant="default" size="xs" onClick={() => setRevoking(k)} aria-label={`Revoke ${k.name}`}>
            Revoke
          </Button>
        </Group>
      ),
    });
  }
  return (
    <Page
      title="API tokens"
      lead="Credentials of programs: a deployment, a script, a dashboard. A token is shown once, expires, and never does more than whoever made it."
      actions={make}
      commands={[
        sh`admin token list`,
        sh`admin token create ci --role developer@acme --scope tenants.read --scope tenants.change --expires 720h`,
        sh`admin token revoke ID --yes`,
      ]}
    >
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No tokens yet" action={make}>
              Programs send theirs as <code className="code">Authorization: Bearer vestibule_…</code> to the admin API,
              and <code className="code">admin</code> reads it from the file that{" "}
              <code className="code">VESTIBULE_ADMIN_TOKEN_FILE</code> names. Give each program its own, with no more
              than it needs.
            </Empty>
          ) : (
            <Rows label="API tokens" columns={columns} rows={items} id={(k) => k.id} />
          )
        }
      </Loaded>
      <NewToken
        opened={making}
        close={() => setMaking(false)}
        made={(name, secret) => {
          setMaking(false);
          setMade({ name, secret });
        }}
      />
      <Once
        secret={made?.secret}
        title={`The token ${made?.name ?? ""}`}
        what="the token"
        close={() => setMade(undefined)}
      />
      <Confirm
        opened={revoking !== undefined}
        close={() => setRevoking(undefined)}
        title="Revoke this token?"
        action="Revoke"
        danger
        run={async () => {
          await revoke.mutateAsync({ params: { path: { id: revoking?.id ?? "" } } });
          done(`${revoking?.name} was revoked.`);
        }}
      >
        <Text span inherit fw={600} className="foreign">
          {revoking?.name}
        </Text>{" "}
        and the tokens that were made with it stop working at once. Whatever uses them fails until it has another. This
        cannot be taken back.
      </Confirm>
    </Page>
  );
}
