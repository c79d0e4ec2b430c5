import { Anchor, Badge, Button, Group, Menu, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronDown, IconUserPlus } from "@tabler/icons-react";
import { keepPreviousData } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { api } from "../api/client";
import { useAddress } from "../parts/address";
import { Empty } from "../parts/Empty";
import { Loaded } from "../parts/Loaded";
import { May } from "../parts/May";
import { Page } from "../parts/Page";
import { byCursor, rowsOf } from "../parts/pages";
import { Rows } from "../parts/Rows";
import { sh } from "../parts/sh";
import { Time } from "../parts/Time";
import { useMay } from "../session/me";
import { alsoCalled, called, Factors } from "./users/Called";
import { Create } from "./users/Create";
import { Filters } from "./users/Filters";
import { filtered, listCommand, queryOf } from "./users/query";

export default function Users() {
  const { slug = "" } = useParams({ strict: false });
  const [search, set] = useAddress();
  const [opened, dialog] = useDisclosure(false);
  const may = useMay();
  const query = api.useInfiniteQuery(
    "get",
    "/admin/v1/tenants/{slug}/users",
    { params: { path: { slug }, query: { ...queryOf(search), limit: 50 } } },
    { ...byCursor, placeholderData: keepPreviousData },
  );
  const narrowed = Boolean(search.q) || filtered(search) > 0;
  const more = query.hasNextPage ? () => void query.fetchNextPage() : undefined;
  const create = (
    <May permission="users.create">
      <Button leftSection={<IconUserPlus size={16} />} onClick={dialog.open}>
        Add a user
      </Button>
    </May>
  );
  return (
    <Page
      title="Users"
      lead="The people of this tenant, the latest first. A search goes by what an address, a username or a number begins with."
      actions={
        <>
          <Others slug={slug} />
          {create}
        </>
      }
      commands={[
        listCommand(slug, search),
        ...(may("users.create") ? [sh`admin user invite ADDRESS --tenant ${slug}`] : []),
        ...(may("users.create") ? [sh`admin user create --tenant ${slug} --email ADDRESS --password-file -`] : []),
        ...(may("tenants.export") ? [sh`admin user export --all --users-only --tenant ${slug}`] : []),
      ]}
    >
      <Filters search={search} set={set} />
      <Loaded query={query} lines={8}>
        {(data) => {
          const rows = rowsOf(data);
          if (rows.length === 0 && !more) {
            return narrowed ? (
              <Empty
                title="Nobody fits"
                action={
                  <Button
                    variant="default"
                    onClick={() => set(Object.fromEntries(Object.keys(search).map((name) => [name, undefined])))}
                  >
                    Show everybody
                  </Button>
                }
              >
                The search looks at how names begin: for ann@example.org, type “ann”, not “example”.
              </Empty>
            ) : (
              <Empty title="Nobody is here yet" action={create}>
                Users come in by themselves when they sign up. You can also invite somebody, or bring the users of
                another system in with an import.
              </Empty>
            );
          }
          return (
            <Stack gap="sm">
              <Rows
                label="Users"
                rows={rows}
                id={(u) => u.id}
                more={more}
                busy={query.isFetchingNextPage}
                columns={[
                  {
                    label: "User",
                    cell: (u) => (
                      <Stack gap={0} miw={0}>
                        <Anchor
                          component={Link}
                          to={`/tenants/${slug}/users/${u.id}`}
                          className="foreign"
                          fw={600}
                          size="sm"
                        >
                          {called(u)}
                        </Anchor>
                        {alsoCalled(u).map((n) => (
                          <Text key={n} size="xs" c="dimmed" className="foreign">
                            {n}
                          </Text>
                        ))}
                      </Stack>
                    ),
                  },
                  {
                    label: "State",
                    cell: (u) => (
                      <Group gap={4} justify="inherit">
                        <Badge color={u.active ? "green" : "red"}>{u.active ? "Active" : "Deactivated"}</Badge>
                        {u.email && !u.email_verified && (
                          <Badge component="span" color="yellow">
                            Not verified
                          </Badge>
                        )}
                      </Group>
                    ),
                  },
                  { label: "Password", cell: (u) => (u.has_password ? "set" : "none") },
                  { label: "Second factors", cell: (u) => <Factors types={u.factors} /> },
                  { label: "Joined", cell: (u) => <Time at={u.created_at} /> },
                  { label: "Last sign-in", cell: (u) => <Time at={u.last_login_at} /> },
                ]}
              />
              {more && narrowed && rows.length % 50 !== 0 && (
                <Text size="sm" c="dimmed" ta="center" role="status">
                  Many users were looked at, and few of them fit. There may be more: go on with “Show more”.
                </Text>
              )}
            </Stack>
          );
        }}
      </Loaded>
      <Create slug={slug} opened={opened} close={dialog.close} />
    </Page>
  );
}

/** What else there is to do with the users as a whole. */
function Others({ slug }: { slug: string }) {
  const may = useMay();
  const href = `/admin/v1/tenants/${slug}/export?users_only=true`;
  return (
    <Menu position="bottom-end" shadow="md" withinPortal>
      <Menu.Target>
        <Button variant="default" rightSection={<IconChevronDown size={14} />}>
          More
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {may("users.import") && (
          <Menu.Item component={Link} to={`/tenants/${slug}/imports`}>
            Import users
          </Menu.Item>
        )}
        {may("tenants.export") && (
          <>
            <Menu.Item component="a" href={href} download={`${slug}-users.ndjson`}>
              Export all users
            </Menu.Item>
            <Menu.Item
              component="a"
              href={`${href}&password_hashes=true`}
              download={`${slug}-users-with-hashes.ndjson`}
            >
              Export with password hashes
            </Menu.Item>
          </>
        )}
        <Menu.Item component={Link} to={`/tenants/${slug}/deleted-users`}>
          Deleted users
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
