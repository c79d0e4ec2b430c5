import { Anchor, Badge, Button, Group, Stack, Text } from "@mantine/core";
import { IconUserPlus } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, type Schema } from "../api/client";
import { Confirm } from "../parts/Confirm";
import { Empty } from "../parts/Empty";
import { GrantBadges } from "../parts/Grants";
import { Loaded } from "../parts/Loaded";
import { May } from "../parts/May";
import { Page } from "../parts/Page";
import { type Column, Rows } from "../parts/Rows";
import { sh } from "../parts/sh";
import { Time } from "../parts/Time";
import { done } from "../parts/tell";
import { useMay, useMe } from "../session/me";
import { ChangeGrants } from "./operators/ChangeGrants";
import { Invite } from "./operators/Invite";
import { plainly } from "./operators/plainly";

type Operator = Schema<"Operator">;

export default function Operators() {
  const query = api.useQuery("get", "/admin/v1/operators");
  const remove = api.useMutation("delete", "/admin/v1/operators/{id}");
  const may = useMay();
  const me = useMe();
  const [inviting, setInviting] = useState(false);
  const [changing, setChanging] = useState<Operator>();
  const [removing, setRemoving] = useState<Operator>();
  const invite = (
    <May permission="operators.change">
      <Button leftSection={<IconUserPlus size={16} />} onClick={() => setInviting(true)}>
        Invite
      </Button>
    </May>
  );
  const columns: Column<Operator>[] = [
    {
      label: "Operator",
      cell: (o) => (
        <Stack gap={0} maw="100%">
          <Group gap={6}>
            {may("operators.change") ? (
              <Anchor
                component={Link}
                to="/tenants/$slug/users/$id"
                params={{ slug: "system", id: o.id } as never}
                size="sm"
                className="foreign"
              >
                {o.email}
              </Anchor>
            ) : (
              <Text size="sm" className="foreign">
                {o.email}
              </Text>
            )}
            {o.id === me.data?.id && <Badge color="blue">you</Badge>}
            {!o.active && <Badge color="red">switched off</Badge>}
          </Group>
          {o.name && (
            <Text size="xs" c="dimmed" className="foreign">
              {o.name}
            </Text>
          )}
        </Stack>
      ),
    },
    { label: "Roles", cell: (o) => <GrantBadges grants={o.grants} /> },
    {
      label: "Second factor",
      cell: (o) => (o.second_factor ? <Text size="sm">yes</Text> : <Badge color="yellow">not yet</Badge>),
    },
    { label: "Last sign-in", cell: (o) => <Time at={o.last_login_at} /> },
  ];
  if (may("operators.change")) {
    columns.push({
      label: "Actions",
      quiet: true,
      cell: (o) => (
        <Group gap="xs" justify="end" wrap="nowrap">
          <Button variant="default" size="xs" onClick={() => setChanging(o)} aria-label={`Change roles of ${o.email}`}>
            Change roles
          </Button>
          <Button variant="default" size="xs" onClick={() => setRemoving(o)} aria-label={`Remove ${o.email}`}>
            Remove
          </Button>
        </Group>
      ),
    });
  }
  return (
    <Page
      title="Operators"
      lead="Who runs the platform. What each may do is said by roles, for all tenants or for one. Everybody signs in with two factors."
      actions={invite}
      commands={[
        sh`admin operator list`,
        sh`admin operator create ADDRESS --role support@acme --name 'Ann Lee'`,
        sh`admin operator grant ID --role admin --role owner@acme`,
        sh`admin operator remove ID --yes`,
      ]}
    >
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="Nobody yet" action={invite}>
              Whoever you invite gets a mail with a link to choose a password, and adds a second factor when they first
              sign in.
            </Empty>
          ) : (
            <Rows label="Operators" columns={columns} rows={items} id={(o) => o.id} />
          )
        }
      </Loaded>
      <Invite opened={inviting} close={() => setInviting(false)} />
      {changing && <ChangeGrants operator={changing} close={() => setChanging(undefined)} />}
      <Confirm
        opened={removing !== undefined}
        close={() => setRemoving(undefined)}
        title="Remove this operator?"
        action="Remove"
        danger
        typed={removing?.email}
        run={async () => {
          await remove.mutateAsync({ params: { path: { id: removing?.id ?? "" } } }).catch((error) => {
            throw plainly(error);
          });
          done(`${removing?.email} is no operator any more.`);
        }}
      >
        All roles are taken from{" "}
        <Text span inherit fw={600} className="foreign">
          {removing?.email}
        </Text>
        . Their sessions end at once, and the API tokens that they made stop working.
        {removing?.id === me.data?.id && " This is your own account: you are locked out."}
      </Confirm>
    </Page>
  );
}
