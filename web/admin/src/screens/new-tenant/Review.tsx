import { Code, Group, ScrollArea, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Copy } from "../../parts/Copy";
import { Failure } from "../../parts/Failure";
import { Bars } from "../../parts/Loaded";
import { useTenant } from "../../settings/draft";
import type { JsonObject } from "../../settings/patch";
import { configOf, likeTemplate, type Plan, presets } from "./plan";

/** What would be made, before it is. */
export function Review({ plan }: { plan: Plan }) {
  const address = plan.publicURL.trim() || (plan.hosts[0] ? `https://${plan.hosts[0]}` : "");
  return (
    <Stack gap="sm">
      <Stack component="dl" gap={6} m={0}>
        <Fact term="Name">{plan.name.trim() || "not yet"}</Fact>
        <Fact term="Slug">
          <span className="code">{plan.slug || "not yet"}</span>
        </Fact>
        <Fact term="Links lead to">{address || "nowhere yet"}</Fact>
        {plan.hosts.length > 1 && <Fact term="Also at">{plan.hosts.slice(1).join(", ")}</Fact>}
        <Fact term="Begins">
          {plan.start === "template"
            ? plan.template
              ? `like ${plan.template}`
              : "like another tenant"
            : presets.find((p) => p.id === plan.start)?.title}
        </Fact>
      </Stack>
      {plan.start === "template" ? plan.template && <Copied plan={plan} /> : <Config config={configOf(plan)} />}
    </Stack>
  );
}

function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <Group gap="sm" wrap="nowrap" align="baseline">
      <Text component="dt" size="sm" c="dimmed" w={96} flex="none">
        {term}
      </Text>
      <Text component="dd" size="sm" m={0} className="foreign">
        {children}
      </Text>
    </Group>
  );
}

function Copied({ plan }: { plan: Plan }) {
  const query = useTenant(plan.template);
  if (query.error) {
    return <Failure error={query.error} retry={() => void query.refetch()} />;
  }
  if (!query.data) {
    return <Bars lines={3} />;
  }
  return (
    <>
      <Text size="sm" c="dimmed">
        What is bound to the hosts of {plan.template} stays behind: its public URL, cookie and passkey domains, and
        pages and origins on its hosts.
      </Text>
      <Config config={likeTemplate(query.data.config as JsonObject, plan)} />
    </>
  );
}

function Config({ config }: { config: JsonObject }) {
  const text = JSON.stringify(config, null, 2);
  return (
    <Stack gap={4}>
      <Group justify="space-between">
        <Text size="sm" c="dimmed">
          Configuration
        </Text>
        <Copy value={text} what="the configuration" />
      </Group>
      <ScrollArea.Autosize
        mah={320}
        type="auto"
        viewportProps={{ tabIndex: 0, role: "group", "aria-label": "The configuration as it will be" }}
      >
        <Code block className="foreign" style={{ whiteSpace: "pre-wrap" }}>
          {text}
        </Code>
      </ScrollArea.Autosize>
    </Stack>
  );
}
