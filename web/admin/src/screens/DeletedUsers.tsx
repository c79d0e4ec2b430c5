import { Anchor, Button, Group, Stack, Text } from "@mantine/core";
import { Link, useParams } from "@tanstack/react-router";
import { admin, api, type Schema } from "../api/client";
import { Empty } from "../parts/Empty";
import { Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { byCursor, rowsOf } from "../parts/pages";
import { type Column, Rows } from "../parts/Rows";
import { sh } from "../parts/sh";
import { Time } from "../parts/Time";
import { useAct } from "../parts/useAct";
import { useAsk } from "../parts/useAsk";
import { useMay } from "../session/me";
import { alsoCalled, called } from "./users/Called";

type Deleted = Schema<"DeletedUser">;

export default function DeletedUsers() {
  const { slug = "" } = useParams({ strict: false });
  const query = api.useInfiniteQuery(
    "get",
    "/admin/v1/tenants/{slug}/deleted-users",
    { params: { path: { slug } } },
    byCursor,
  );
  const { act } = useAct();
  const [dialog, ask] = useAsk();
  const may = useMay();
  const restore = (u: Deleted) =>
    ask({
      title: `Restore ${called(u)}?`,
      text: "The account comes back as it was, with its password and authenticators. Sessions, links and trusted browsers from before stay worthless. If somebody else has one of the names by now, it says so and nothing changes.",
      action: "Restore",
      run: () =>
        act(
          () => admin.POST("/admin/v1/tenants/{slug}/users/{id}/restore", { params: { path: { slug, id: u.id } } }),
          `${called(u)} is back.`,
        ),
    });
  const erase = (u: Deleted) =>
    ask({
      title: `Erase ${called(u)} for good?`,
      text: "Nothing is left but the user's id in events, which then say what happened and when, not from where and with which details. This cannot be undone.",
      action: "Erase for good",
      danger: true,
      typed: u.email || u.username || u.id.slice(-8),
      run: () =>
        act(
          () => admin.POST("/admin/v1/tenants/{slug}/users/{id}/erase", { params: { path: { slug, id: u.id } } }),
          "The user is erased for good.",
        ),
    });
  const columns: Column<Deleted>[] = [
    {
      label: "User",
      cell: (u) => (
        <Stack gap={0} miw={0}>
          <Text size="sm" fw={600} className="foreign">
            {called(u)}
          </Text>
          {[...alsoCalled(u), u.id].map((n) => (
            <Text key={n} size="xs" c="dimmed" className="foreign">
              {n}
            </Text>
          ))}
        </Stack>
      ),
    },
    { label: "Deleted", cell: (u) => <Time at={u.deleted_at} /> },
    { label: "Erased", cell: (u) => <Time at={u.erase_at} /> },
  ];
  if (may("users.delete") || may("users.erase")) {
    columns.push({
      label: "Actions",
      quiet: true,
      cell: (u) => (
        <Group gap="xs" justify="end">
          {may("users.delete") && (
            <Button variant="default" size="xs" onClick={() => restore(u)} aria-label={`Restore ${called(u)}`}>
              Restore
            </Button>
          )}
          {may("users.erase") && (
            <Button variant="default" size="xs" onClick={() => erase(u)} aria-label={`Erase ${called(u)}`}>
              Erase
            </Button>
          )}
        </Group>
      ),
    });
  }
  return (
    <Page
      title="Deleted users"
      lead="Whoever was deleted can be restored for 30 days. Then the server erases everything."
      above={[{ label: "Users", to: `/tenants/${slug}/users` }]}
      commands={[
        sh`admin user deleted --tenant ${slug}`,
        ...(may("users.delete") ? [sh`admin user restore ID --tenant ${slug}`] : []),
        ...(may("users.erase") ? [sh`admin user erase ID --tenant ${slug} --yes`] : []),
      ]}
    >
      <Loaded query={query}>
        {(data) => {
          const rows = rowsOf(data);
          return rows.length === 0 ? (
            <Empty
              title="Nobody was deleted"
              action={
                <Anchor component={Link} to={`/tenants/${slug}/users`}>
                  To the users
                </Anchor>
              }
            >
              Users are deleted on their own page, under Actions. They wait here for 30 days.
            </Empty>
          ) : (
            <Rows
              label="Deleted users"
              rows={rows}
              id={(u) => u.id}
              columns={columns}
              more={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
              busy={query.isFetchingNextPage}
            />
          );
        }}
      </Loaded>
      {dialog}
    </Page>
  );
}
