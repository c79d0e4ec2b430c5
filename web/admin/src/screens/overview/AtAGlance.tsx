import { Anchor, Group, SimpleGrid, Stack, Text, VisuallyHidden } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Copy } from "../../parts/Copy";
import { Section } from "../../parts/Section";
import { StateBadge } from "../../parts/StateBadge";
import { Time } from "../../parts/Time";
import { number } from "../../parts/words";
import { may, useMe } from "../../session/me";
import type { Tenant } from "../../settings/draft";

/** Who a tenant is, and where. */
export function AtAGlance({ tenant }: { tenant: Tenant }) {
  const { data: me } = useMe();
  const at = `/tenants/${tenant.slug}`;
  const [first, ...others] = tenant.hosts;
  return (
    <Section title="At a glance">
      <SimpleGrid component="dl" cols={{ base: 1, sm: 2, lg: 3 }} spacing="lg" verticalSpacing="md" m={0}>
        <Fact term="Public URL">
          <Group gap={4} wrap="nowrap">
            {/^https?:\/\//.test(tenant.public_url) ? (
              <Anchor href={tenant.public_url} target="_blank" rel="noreferrer" className="foreign">
                {tenant.public_url}
              </Anchor>
            ) : (
              <span className="foreign">{tenant.public_url || "none"}</span>
            )}
            {tenant.public_url && <Copy value={tenant.public_url} what="the public URL" />}
          </Group>
        </Fact>
        <Fact term="Hosts" more={{ label: "Change", to: `${at}/urls`, what: "the hosts" }}>
          <span className="foreign">{first ?? "none of its own"}</span>
          {others.length > 0 && ` and ${others.length} more`}
        </Fact>
        <Fact
          term="State"
          more={
            tenant.slug !== "system" && may(me, "tenants.suspend", tenant.slug)
              ? { label: tenant.state === "active" ? "Suspend" : "Resume", to: `${at}/danger`, what: "the tenant" }
              : undefined
          }
        >
          <StateBadge tenant={tenant} />
        </Fact>
        <Fact term="Slug">
          <Group gap={4}>
            <span className="code">{tenant.slug}</span>
            <Copy value={tenant.slug} what="the slug" />
          </Group>
        </Fact>
        <Fact term="Id">
          <Group gap={4} wrap="nowrap">
            <span className="code">{tenant.id}</span>
            <Copy value={tenant.id} what="the id" />
          </Group>
        </Fact>
        <Fact term="Version" more={{ label: "All versions", to: `${at}/versions` }}>
          {number(tenant.version)}, changed <Time at={tenant.updated_at} />
        </Fact>
      </SimpleGrid>
    </Section>
  );
}

function Fact(props: { term: string; children: ReactNode; more?: { label: string; to: string; what?: string } }) {
  return (
    <Stack gap={2}>
      <Text component="dt" size="sm" c="dimmed">
        {props.term}
      </Text>
      <Group component="dd" m={0} gap="sm" mih={28}>
        <Text size="sm" component="div">
          {props.children}
        </Text>
        {props.more && (
          <Anchor component={Link} to={props.more.to} size="sm">
            {props.more.label}
            {props.more.what && <VisuallyHidden component="span"> {props.more.what}</VisuallyHidden>}
          </Anchor>
        )}
      </Group>
    </Stack>
  );
}
