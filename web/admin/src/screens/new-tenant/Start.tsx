import { Group, List, Radio, Select, SimpleGrid, Stack, Switch, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { api } from "../../api/client";
import { May } from "../../parts/May";
import { type Plan, presets } from "./plan";

/** What the tenant begins with: one of a few ways that apps work, or what another tenant has. */
export function Start({ plan, change, fault }: { plan: Plan; change: (to: Partial<Plan>) => void; fault?: string }) {
  return (
    <Stack>
      <Radio.Group
        label="What it begins with"
        description="Everything can be changed later, one setting at a time."
        value={plan.start}
        onChange={(start) => change({ start })}
      >
        <SimpleGrid cols={{ base: 1, sm: 2 }} mt="sm">
          {presets.map((p) => (
            <Choice key={p.id} value={p.id} title={p.title} text={p.text} means={p.means} />
          ))}
          <Choice
            value="template"
            title="Like another tenant"
            text="Its settings, and nothing else of it: no people and no keys."
            means={["For previews, customers of one kind, or a second brand"]}
          />
        </SimpleGrid>
      </Radio.Group>
      {plan.start === "template" && <Template {...{ plan, change, fault }} />}
    </Stack>
  );
}

function Choice(props: { value: string; title: string; text: string; means: string[] }) {
  return (
    <Radio.Card
      value={props.value}
      p="md"
      display="flex"
      style={{ alignItems: "flex-start" }}
      aria-label={`${props.title}: ${props.text}`}
    >
      <Group wrap="nowrap" align="start">
        <Radio.Indicator mt={2} />
        <div>
          <Text fw={600}>{props.title}</Text>
          <Text size="sm" c="dimmed">
            {props.text}
          </Text>
          <List size="sm" mt={6} spacing={2} pe="md">
            {props.means.map((m) => (
              <List.Item key={m}>{m}</List.Item>
            ))}
          </List>
        </div>
      </Group>
    </Radio.Card>
  );
}

function Template({ plan, change, fault }: { plan: Plan; change: (to: Partial<Plan>) => void; fault?: string }) {
  const [typed, setTyped] = useState("");
  const [q] = useDebouncedValue(typed.trim(), 200);
  const searching = q !== "" && q !== plan.template;
  const found = api.useQuery("get", "/admin/v1/tenants", {
    params: { query: { limit: 20, ...(searching ? { q } : {}) } },
  });
  const options = (found.data?.items ?? [])
    .filter((t) => t.slug !== "system")
    .map((t) => ({ value: t.slug, label: t.name === t.slug ? t.slug : `${t.name} (${t.slug})` }));
  if (plan.template && !options.some((o) => o.value === plan.template)) {
    options.unshift({ value: plan.template, label: plan.template });
  }
  return (
    <Stack>
      <Select
        label="The tenant to copy from"
        placeholder="What its slug, name or host begins with"
        searchable
        clearable
        clearButtonProps={{ "aria-label": "Choose none" }}
        withAsterisk
        value={plan.template || null}
        onChange={(v) => change({ template: v ?? "" })}
        onSearchChange={(text) => setTyped(options.some((o) => o.label === text) ? "" : text)}
        data={options}
        filter={({ options }) => options}
        nothingFoundMessage={found.isFetching ? "Looking…" : "No tenant begins with that"}
        error={fault}
        comboboxProps={{ withinPortal: false }}
      />
      <May permission="tenants.change">
        <Switch
          label="Copy its secrets too"
          description="Such as the password of its mail server. Its signing key is never copied: each tenant has its own."
          checked={plan.templateSecrets}
          onChange={(e) => change({ templateSecrets: e.currentTarget.checked })}
        />
      </May>
    </Stack>
  );
}
