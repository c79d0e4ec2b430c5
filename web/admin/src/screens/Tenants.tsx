import {
  ActionIcon,
  Anchor,
  Badge,
  Button,
  Group,
  SegmentedControl,
  Stack,
  Text,
  TextInput,
  Tooltip,
} from "@mantine/core";
import { IconPlus, IconSearch, IconStar, IconStarFilled } from "@tabler/icons-react";
import { keepPreviousData } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, type Schema } from "../api/client";
import { useAddress } from "../parts/address";
import { Empty } from "../parts/Empty";
import { Loaded } from "../parts/Loaded";
import { May } from "../parts/May";
import { Page } from "../parts/Page";
import { byCursor, rowsOf } from "../parts/pages";
import { type Column, Rows } from "../parts/Rows";
import { StateBadge } from "../parts/StateBadge";
import { sh } from "../parts/sh";
import { Time } from "../parts/Time";
import { useTyped } from "../parts/useTyped";
import { number } from "../parts/words";
import { may, useMe } from "../session/me";
import { isFavourite, toggleFavourite } from "../shell/favourites";

type Tenant = Schema<"Tenant">;

const columns: Column<Tenant>[] = [
  {
    label: "Tenant",
    cell: (t) => (
      <Stack gap={0}>
        <Anchor component={Link} to={`/tenants/${t.slug}`} fw={600} className="foreign">
          {t.name}
        </Anchor>
        <Text size="xs" c="dimmed" className="code">
          {t.slug}
        </Text>
      </Stack>
    ),
  },
  { label: "Hosts", cell: (t) => <Hosts tenant={t} /> },
  { label: "State", cell: (t) => <StateBadge tenant={t} /> },
  { label: "Version", cell: (t) => number(t.version) },
  { label: "Changed", cell: (t) => <Time at={t.updated_at} /> },
  { label: "Favourite", quiet: true, cell: (t) => <Star tenant={t} /> },
];

export default function Tenants() {
  const [{ q = "", state = "" }, set] = useAddress();
  const { data: me } = useMe();
  const [typed, type] = useTyped(q, (text) => set({ q: text }));
  const filter = state === "active" || state === "suspended" ? state : undefined;
  const list = api.useInfiniteQuery(
    "get",
    "/admin/v1/tenants",
    { params: { query: { limit: 50, ...(q ? { q } : {}), ...(filter ? { state: filter } : {}) } } },
    { ...byCursor, placeholderData: keepPreviousData },
  );
  const everywhere = may(me, "tenants.read");
  return (
    <Page
      title="Tenants"
      lead={
        everywhere
          ? "Each tenant is a place of its own: its people, its settings, its keys. Nothing of one is seen in another."
          : "The tenants with which you have a role."
      }
      commands={[
        sh`admin tenant list ${[q ? sh`${q}` : undefined, filter ? sh`--state ${filter}` : undefined]}`,
        sh`admin tenant create acme --name Acme --host auth.example.org`,
      ]}
      actions={
        <May permission="tenants.create">
          <Button component={Link} to="/new-tenant" leftSection={<IconPlus size={16} />}>
            New tenant
          </Button>
        </May>
      }
    >
      <Group gap="sm" align="end">
        <TextInput
          type="search"
          label="Search"
          placeholder="What a slug, a name or a host begins with"
          leftSection={<IconSearch size={16} />}
          value={typed}
          maxLength={253}
          flex={1}
          miw="min(18rem, 100%)"
          maw={520}
          onChange={(e) => type(e.currentTarget.value)}
        />
        <SegmentedControl
          aria-label="State"
          value={filter ?? ""}
          onChange={(v) => set({ state: v })}
          data={[
            { value: "", label: "All" },
            { value: "active", label: "Active" },
            { value: "suspended", label: "Suspended" },
          ]}
        />
      </Group>
      <Loaded query={list} lines={8}>
        {(data) => {
          const rows = rowsOf(data);
          if (rows.length === 0) {
            return q || filter ? <NothingFound all={() => set({ q: undefined, state: undefined })} /> : <None />;
          }
          return (
            <Rows
              label="Tenants"
              rows={rows}
              id={(t) => t.id}
              columns={columns}
              more={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
              busy={list.isFetchingNextPage}
            />
          );
        }}
      </Loaded>
    </Page>
  );
}

function Hosts({ tenant }: { tenant: Tenant }) {
  const [first, ...others] = tenant.hosts;
  if (!first) {
    return (
      <Text size="sm" c="dimmed" className="foreign">
        none of its own
      </Text>
    );
  }
  return (
    <Group gap={6}>
      <Text size="sm" className="foreign">
        {first}
      </Text>
      {others.length > 0 && (
        <Tooltip label={others.slice(0, 10).join(", ") + (others.length > 10 ? ", …" : "")} multiline maw={320}>
          <Badge color="gray" tabIndex={0}>
            {others.length} more
          </Badge>
        </Tooltip>
      )}
    </Group>
  );
}

/** Keeps a tenant at hand in the switcher. */
function Star({ tenant }: { tenant: Tenant }) {
  const [starred, setStarred] = useState(() => isFavourite(tenant.slug));
  return (
    <Tooltip
      label={starred ? "Remove from the favourites" : "Keep among the favourites, which the switcher shows first"}
    >
      <ActionIcon
        variant="subtle"
        color={starred ? "orange.9" : "gray"}
        c={starred ? undefined : "dimmed"}
        aria-label={`Favourite: ${tenant.name}`}
        aria-pressed={starred}
        onClick={() => {
          toggleFavourite(tenant.slug, tenant.name);
          setStarred(!starred);
        }}
      >
        {starred ? <IconStarFilled size={16} /> : <IconStar size={16} />}
      </ActionIcon>
    </Tooltip>
  );
}

function NothingFound({ all }: { all: () => void }) {
  return (
    <Empty
      title="No tenant is found"
      action={
        <Button variant="default" onClick={all}>
          Show all tenants
        </Button>
      }
    >
      The search looks at the beginnings of slugs, names and hosts, in any case. Is it among the suspended ones, or was
      it deleted?
    </Empty>
  );
}

function None() {
  const { data: me } = useMe();
  return may(me, "tenants.create") ? (
    <Empty
      title="There is no tenant yet"
      action={
        <Button component={Link} to="/new-tenant">
          Make the first tenant
        </Button>
      }
    >
      A tenant is an app, a brand or a customer with people of its own. It has a host that its people sign in at,
      settings for how they do, and keys that nobody else signs with.
    </Empty>
  ) : (
    <Empty title="There is no tenant for you yet">
      You see the tenants with which you have a role. Ask an owner to give you one.
    </Empty>
  );
}
