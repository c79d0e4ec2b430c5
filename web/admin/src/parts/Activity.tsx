// What people did, of one tenant or of all together: numbers, charts, and by what they signed in.

import {
  Box,
  Group,
  Progress,
  SegmentedControl,
  SimpleGrid,
  Skeleton,
  Stack,
  Table,
  Text,
  Title,
  VisuallyHidden,
} from "@mantine/core";
import { Chart } from "./Chart";
import { useInterval, useStats } from "./interval";
import { Failed } from "./Loaded";
import { Section } from "./Section";
import { type Interval, period, type Stats, share } from "./series";
import { Tile } from "./Tile";
import { Tiles } from "./Tiles";
import { number } from "./words";

export function Activity({ slug }: { slug?: string }) {
  const [interval, setInterval] = useInterval();
  const stats = useStats(slug, interval);
  // Who is active is not counted by the hour: then the day is asked for by itself.
  const days = useStats(slug, "day", interval === "hour");
  return (
    <Stack gap="md" component="section" aria-labelledby="activity">
      <Group justify="space-between" gap="sm">
        <Title order={2} id="activity">
          Activity
        </Title>
        <SegmentedControl
          aria-label="How far back"
          value={interval}
          onChange={(v) => setInterval(v as Interval)}
          data={(["hour", "day", "month"] as const).map((value) => ({ value, label: period[value] }))}
        />
      </Group>
      {stats.data ? (
        <>
          {stats.error ? <Failed error={stats.error} /> : null}
          <Numbers slug={slug} stats={stats.data} active={interval === "hour" ? days.data : stats.data} />
          <Charts stats={stats.data} />
        </>
      ) : stats.error ? (
        <Failed error={stats.error} />
      ) : (
        <Waiting hours={interval === "hour"} />
      )}
    </Stack>
  );
}

function Numbers({ slug, stats, active }: { slug?: string; stats: Stats; active: Stats | undefined }) {
  const n = (name: string) => stats.totals[name] ?? 0;
  const failed = share(n("login_failures"), n("logins") + n("login_failures"));
  const last = active?.series.at(-1)?.counts.active_users;
  const audit = slug ? `/tenants/${slug}/audit` : "/audit";
  const undelivered = share(n("messages_failed"), n("messages_sent") + n("messages_failed"));
  return (
    <Tiles label={`Activity in the last ${period[stats.interval]}`}>
      <Tile
        label="Sign-ins"
        value={number(n("logins"))}
        to={audit}
        search={{ action: "user.logged_in" }}
        note="completed"
      />
      <Tile
        label="Failed sign-ins"
        value={number(n("login_failures"))}
        to={audit}
        search={{ action: "user.login_failed" }}
        note={failed ? `${failed} of all attempts` : "no attempts yet"}
      />
      <Tile
        label="Sign-ups"
        value={number(n("signups"))}
        to={audit}
        search={{ action: "user.signed_up" }}
        note="accounts people made"
      />
      <Tile
        label="Active users"
        value={last === undefined ? "…" : number(last)}
        note={active?.interval === "month" ? "this month (UTC)" : "today (UTC)"}
      />
      <Tile
        label="Rate limited"
        value={number(n("rate_limited"))}
        to={slug ? `/tenants/${slug}/protection` : undefined}
        note="requests refused (429)"
      />
      <Tile
        label="Undelivered"
        value={number(n("messages_failed"))}
        to={slug ? `/tenants/${slug}/messages` : undefined}
        search={slug ? { state: "failed" } : undefined}
        note={undelivered ? `${undelivered} of mails and text messages` : "no mail or text message yet"}
      />
    </Tiles>
  );
}

function Charts({ stats }: { stats: Stats }) {
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
      {/* Without the one of active users there are four, and two to a line. */}
      <Box style={stats.interval === "hour" ? undefined : { gridColumn: "1 / -1" }} miw={0}>
        <Chart
          title="Sign-ins"
          stats={stats}
          lines={[
            { name: "logins", label: "Completed", tone: "good" },
            { name: "login_failures", label: "Failed", tone: "bad" },
          ]}
          nothing="Nobody has tried to sign in in this time."
        />
      </Box>
      <Chart
        title="Sign-ups"
        kind="bars"
        stats={stats}
        lines={[{ name: "signups", label: "Accounts", tone: "calm" }]}
        nothing="Nobody has signed up in this time."
      />
      {stats.interval !== "hour" && (
        <Chart
          title="Active users"
          kind="bars"
          stats={stats}
          lines={[{ name: "active_users", label: "Users", tone: "good" }]}
          withoutTotal
          nothing="Nobody has been active in this time."
        />
      )}
      <Chart
        title="Refused and undelivered"
        stats={stats}
        lines={[
          { name: "rate_limited", label: "Rate limited", tone: "warn" },
          { name: "messages_failed", label: "Undelivered", tone: "bad" },
        ]}
        nothing="No request was refused by a rate limit, and no mail or text message was given up."
      />
      <Methods stats={stats} />
    </SimpleGrid>
  );
}

const methods: [string, string][] = [
  ["password", "Password"],
  ["code", "Code by mail or SMS"],
  ["passkey", "Passkey"],
  ["signup", "Right after signing up"],
  ["password_reset", "Right after a password reset"],
  ["totp", "Authenticator app"],
  ["webauthn", "Security key"],
  ["recovery_codes", "Recovery code"],
];

/** By what people signed in. A sign-in with two factors counts under both. */
function Methods({ stats }: { stats: Stats }) {
  const all = stats.totals.logins ?? 0;
  const rows = methods
    .map(([name, label]) => ({ name, label, n: stats.totals[`logins_by_${name}`] ?? 0 }))
    .filter((m) => m.n > 0)
    .sort((a, b) => b.n - a.n);
  return (
    <Section title="Sign-ins by method" lead="One with a second factor counts under both.">
      {rows.length === 0 ? (
        <Text size="sm" c="dimmed">
          No sign-ins in the last {period[stats.interval]}.
        </Text>
      ) : (
        <Table verticalSpacing={6} aria-label="Sign-ins by method">
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">Method</Table.Th>
              <Table.Th scope="col" ta="end" style={{ whiteSpace: "nowrap" }}>
                Sign-ins
              </Table.Th>
              <Table.Th scope="col" w="40%">
                <VisuallyHidden>Share</VisuallyHidden>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((m) => (
              <Table.Tr key={m.name}>
                <Table.Td>{m.label}</Table.Td>
                <Table.Td ta="end">{number(m.n)}</Table.Td>
                <Table.Td>
                  <Group gap="xs" wrap="nowrap">
                    <Progress
                      value={all > 0 ? Math.min(100, (100 * m.n) / all) : 0}
                      color="green.6"
                      flex={1}
                      aria-hidden
                    />
                    <Text size="xs" c="dimmed" w={64}>
                      {share(m.n, all)}
                    </Text>
                  </Group>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Section>
  );
}

/** What has the place of the numbers and the charts until they are there. */
function Waiting({ hours }: { hours: boolean }) {
  return (
    <Stack gap="md" aria-busy="true">
      <VisuallyHidden role="status">Loading</VisuallyHidden>
      <SimpleGrid cols={{ base: 2, sm: 2, md: 3, xl: 6 }} spacing={{ base: "xs", sm: "md" }}>
        {Array.from({ length: 6 }, (_, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: bars have no other name
          <Skeleton key={i} height={109} />
        ))}
      </SimpleGrid>
      {!hours && <Skeleton height={314} />}
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
        {Array.from({ length: 4 }, (_, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: bars have no other name
          <Skeleton key={i} height={314} />
        ))}
      </SimpleGrid>
    </Stack>
  );
}
