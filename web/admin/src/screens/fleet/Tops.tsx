import { Anchor, Badge, SimpleGrid, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useInterval, useStats } from "../../parts/interval";
import { Loaded } from "../../parts/Loaded";
import { Rows } from "../../parts/Rows";
import { Section } from "../../parts/Section";
import { Time } from "../../parts/Time";
import { duration, number } from "../../parts/words";
import type { Fleet } from "./concerns";

const last = { hour: "this hour", day: "today", month: "this month" } as const;

function TenantLink({ slug, part = "" }: { slug: string; part?: string }) {
  return slug ? (
    <Anchor component={Link} to={`/tenants/${slug}${part}`} size="sm">
      {slug}
    </Anchor>
  ) : (
    <Text size="sm" c="dimmed">
      a deleted tenant
    </Text>
  );
}

/** The busiest tenants, and the oldest keys. */
export function Tops({ fleet }: { fleet: Fleet }) {
  const [interval] = useInterval();
  const stats = useStats(undefined, interval);
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
      <Section title="Busiest tenants" lead={`Those with most sign-ins ${last[interval]} alone (UTC).`}>
        <Loaded query={stats} lines={3}>
          {({ top = [] }) =>
            top.length === 0 ? (
              <Text size="sm" c="dimmed">
                No sign-in is counted yet for {last[interval]}. The numbers above are of a longer time.
              </Text>
            ) : (
              <Rows
                label="Busiest tenants"
                rows={top}
                id={(t) => t.tenant_id}
                columns={[
                  { label: "Tenant", cell: (t) => <TenantLink slug={t.slug} /> },
                  { label: "Sign-ins", cell: (t) => number(t.logins) },
                ]}
              />
            )
          }
        </Loaded>
      </Section>
      <Section title="Oldest signing keys" lead="Of those that sign tokens now. The server rotates its own by itself.">
        {fleet.keys.oldest.length === 0 ? (
          <Text size="sm" c="dimmed">
            No tenant has a key yet: the first one is made when a token is signed.
          </Text>
        ) : (
          <Rows
            label="Oldest signing keys"
            rows={fleet.keys.oldest.slice(0, 5)}
            id={(k) => `${k.tenant_id} ${k.kid}`}
            columns={[
              { label: "Tenant", cell: (k) => <TenantLink slug={k.tenant} part="/sessions" /> },
              { label: "Algorithm", cell: (k) => k.algorithm },
              { label: "Age", cell: (k) => duration(k.age_seconds) },
              {
                label: "Rotates",
                cell: (k) =>
                  k.overdue ? <Badge color="orange">overdue</Badge> : <Time at={k.rotates_at} none="by hand" />,
              },
            ]}
          />
        )}
      </Section>
    </SimpleGrid>
  );
}
