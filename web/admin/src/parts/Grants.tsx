// What somebody is trusted with: roles, each for the platform and all tenants, or for one tenant.
import { ActionIcon, Badge, Button, Card, Group, NativeSelect, Stack, Text } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import type { Schema } from "../api/client";
import { grantText, type Role, roles } from "./roles";
import { TenantSelect } from "./TenantSelect";

/** A grant that is being chosen: which tenant may still be missing. */
interface Chosen {
  key: number;
  role: Role;
  within: "platform" | "tenant";
  tenant: string | null;
}

let keys = 0;

export const choose = (role: Role = "viewer"): Chosen => ({ key: ++keys, role, within: "platform", tenant: null });

export const chosenOf = (grants: Schema<"Grant">[]): Chosen[] =>
  grants.map((g) => ({ key: ++keys, role: g.role, within: g.tenant_id ? "tenant" : "platform", tenant: g.tenant }));

export const grantsOf = (chosen: Chosen[]): Schema<"NewGrant">[] =>
  chosen.map(({ role, within, tenant }) => (within === "tenant" ? { role, tenant: tenant ?? "" } : { role }));

/** Whether each has all that it needs. */
export const complete = (chosen: Chosen[]) =>
  chosen.length > 0 && chosen.every((c) => c.within === "platform" || (c.tenant ?? "") !== "");

/** Whether a fault is said beside what is chosen here, by its path. */
export const isGrantsFault = (path: string) => /^grants\[\d+\]\.(role|tenant)$/.test(path);

export function GrantsInput(props: {
  value: Chosen[];
  onChange: (value: Chosen[]) => void;
  /** What the server found wrong, by path, such as grants[0].tenant. */
  faults?: Record<string, string>;
}) {
  const set = (key: number, change: Partial<Chosen>) =>
    props.onChange(props.value.map((c) => (c.key === key ? { ...c, ...change } : c)));
  return (
    <Stack gap="sm">
      {props.value.map((c, i) => {
        const words = roles.find((r) => r.role === c.role);
        const nth = props.value.length > 1 ? ` ${i + 1}` : "";
        return (
          <Card key={c.key} withBorder padding="sm">
            <Stack gap="xs">
              <Group align="end" gap="sm" wrap="nowrap">
                <NativeSelect
                  label={`Role${nth}`}
                  flex={1}
                  data={roles.map((r) => ({ value: r.role, label: r.role.charAt(0).toUpperCase() + r.role.slice(1) }))}
                  value={c.role}
                  onChange={(e) => set(c.key, { role: e.currentTarget.value as Role })}
                  error={props.faults?.[`grants[${i}].role`]}
                />
                <NativeSelect
                  label={`With${nth}`}
                  flex={1}
                  data={[
                    { value: "platform", label: "All tenants" },
                    { value: "tenant", label: "One tenant" },
                  ]}
                  value={c.within}
                  onChange={(e) => set(c.key, { within: e.currentTarget.value as Chosen["within"] })}
                />
                {props.value.length > 1 && (
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    size="lg"
                    aria-label={`Remove role${nth}`}
                    onClick={() => props.onChange(props.value.filter((other) => other.key !== c.key))}
                  >
                    <IconX size={16} />
                  </ActionIcon>
                )}
              </Group>
              {c.within === "tenant" && (
                <TenantSelect
                  label={`Tenant${nth}`}
                  value={c.tenant}
                  onChange={(tenant) => set(c.key, { tenant })}
                  error={props.faults?.[`grants[${i}].tenant`]}
                />
              )}
              <Text size="xs" c="dimmed">
                {c.within === "tenant" ? words?.tenant : words?.platform}
              </Text>
            </Stack>
          </Card>
        );
      })}
      <Group>
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={14} />}
          onClick={() => props.onChange([...props.value, { ...choose(), within: "tenant" }])}
        >
          Another role
        </Button>
      </Group>
    </Stack>
  );
}

/** Grants in a list. */
export function GrantBadges({ grants }: { grants: Schema<"Grant">[] }) {
  return (
    <Group gap={4}>
      {grants.map((g) => (
        <Badge key={`${g.role} ${g.tenant_id}`} color={g.tenant_id ? "gray" : "green"} className="foreign" maw="100%">
          {g.tenant_id && !g.tenant ? `${g.role}@a deleted tenant` : grantText(g)}
        </Badge>
      ))}
    </Group>
  );
}
