import { Alert, Badge, Button, Group, SimpleGrid, Stack, Tabs } from "@mantine/core";
import { Link, useParams } from "@tanstack/react-router";
import { api } from "../api/client";
import { isProblem } from "../api/problem";
import { useAddress } from "../parts/address";
import { Copy } from "../parts/Copy";
import { Empty } from "../parts/Empty";
import { Facts } from "../parts/Facts";
import { Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { Section } from "../parts/Section";
import { Time } from "../parts/Time";
import { useMay } from "../session/me";
import { Accounts } from "./user/Accounts";
import { Acts } from "./user/Acts";
import { Authenticators } from "./user/Authenticators";
import { commandsOf, tabs } from "./user/commands";
import { Emails } from "./user/Emails";
import { History } from "./user/History";
import { Metadata } from "./user/Metadata";
import type { OfUser } from "./user/of";
import { Password } from "./user/Password";
import { Phone } from "./user/Phone";
import { Profile } from "./user/Profile";
import { Sessions } from "./user/Sessions";
import { called } from "./users/Called";

export default function User() {
  const { slug = "", id = "" } = useParams({ strict: false });
  const [search, set] = useAddress();
  const may = useMay();
  const query = api.useQuery("get", "/admin/v1/tenants/{slug}/users/{id}", { params: { path: { slug, id } } });
  const shown = tabs.filter((t) => t !== "history" || may("audit.read"));
  const tab = shown.find((t) => t === search.tab) ?? "overview";
  const above = [{ label: "Users", to: `/tenants/${slug}/users` }];
  if (isProblem(query.error, "missing")) {
    return (
      <Page title="User" above={above}>
        <Empty
          title="There is no such user"
          action={
            <Button component={Link} to={`/tenants/${slug}/deleted-users`} variant="default">
              Look among the deleted users
            </Button>
          }
        >
          The user may have been deleted or erased, or belongs to another tenant.
        </Empty>
      </Page>
    );
  }
  const user = query.data;
  return (
    <Page
      title={user ? called(user) : "User"}
      above={above}
      lead={user && <State slug={slug} user={user} />}
      actions={user && <Acts slug={slug} user={user} />}
      commands={commandsOf(tab, slug, id)}
    >
      <Loaded query={query} lines={8}>
        {(u) => (
          <Tabs
            value={tab}
            onChange={(t) => set({ tab: t === "overview" ? undefined : (t ?? undefined) }, false)}
            keepMounted={false}
          >
            <Tabs.List mb="lg">
              <Tabs.Tab value="overview">Overview</Tabs.Tab>
              <Tabs.Tab value="ways">Signing in</Tabs.Tab>
              <Tabs.Tab value="sessions">Sessions ({u.sessions.length})</Tabs.Tab>
              <Tabs.Tab value="metadata">Metadata</Tabs.Tab>
              {may("audit.read") && <Tabs.Tab value="history">History</Tabs.Tab>}
            </Tabs.List>
            <Tabs.Panel value="overview">
              <Overview slug={slug} user={u} />
            </Tabs.Panel>
            <Tabs.Panel value="ways">
              <Stack gap="lg">
                <Password slug={slug} user={u} />
                <Authenticators slug={slug} user={u} />
                <Accounts slug={slug} user={u} />
              </Stack>
            </Tabs.Panel>
            <Tabs.Panel value="sessions">
              <Sessions slug={slug} user={u} />
            </Tabs.Panel>
            <Tabs.Panel value="metadata">
              <Stack gap="lg">
                <Metadata slug={slug} user={u} />
              </Stack>
            </Tabs.Panel>
            <Tabs.Panel value="history">
              <History slug={slug} user={u} />
            </Tabs.Panel>
          </Tabs>
        )}
      </Loaded>
    </Page>
  );
}

/** How the user stands, at a glance. */
function State({ user }: OfUser) {
  return (
    <Group gap="xs" component="span">
      <Badge component="span" color={user.active ? "green" : "red"}>
        {user.active ? "Active" : "Deactivated"}
      </Badge>
      {user.email && user.email !== called(user) && <span className="foreign">{user.email}</span>}
      {user.email && !user.email_verified && (
        <Badge component="span" color="yellow">
          Address not verified
        </Badge>
      )}
      {user.factors.some((f) => f !== "recovery_codes") && (
        <Badge component="span" color="gray">
          Second factor
        </Badge>
      )}
    </Group>
  );
}

function Overview({ slug, user }: OfUser) {
  return (
    <Stack gap="lg">
      {!user.active && (
        <Alert color="yellow" variant="outline" title="This user is deactivated">
          Nobody gets in with this account until it is reactivated, under Actions.
        </Alert>
      )}
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        <Section title="Account">
          <Facts
            facts={[
              [
                "Id",
                <Group key="id" gap={4} wrap="nowrap">
                  <code className="code">{user.id}</code>
                  <Copy value={user.id} what="the id" />
                </Group>,
              ],
              ["Joined", <Time key="joined" at={user.created_at} />],
              ["Last sign-in", <Time key="last" at={user.last_login_at} />],
            ]}
          />
        </Section>
        <Profile slug={slug} user={user} />
      </SimpleGrid>
      <Emails slug={slug} user={user} />
      <Phone slug={slug} user={user} />
    </Stack>
  );
}
