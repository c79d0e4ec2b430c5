import { Button, Collapse, Group, Select, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconFilter, IconSearch } from "@tabler/icons-react";
import type { Search } from "../../parts/address";
import { useTyped } from "../../parts/useTyped";
import { When } from "../../parts/When";
import { filtered, filters } from "./query";

/** Searching as one types, and filters; both stand in the address. */
export function Filters({ search, set }: { search: Search; set: (change: Search) => void }) {
  const [opened, panel] = useDisclosure(filtered(search) > 0);
  const [typed, type] = useTyped(search.q, (q) => set({ q }));
  const n = filtered(search);
  const clear = () => set(Object.fromEntries(filters.map((name) => [name, undefined])));
  const choice = (name: "active" | "verified" | "factor", label: string, data: { value: string; label: string }[]) => (
    <Select
      label={label}
      data={data}
      value={search[name] ?? null}
      onChange={(v) => set({ [name]: v ?? undefined })}
      placeholder="Any"
      clearable
      clearButtonProps={{ "aria-label": `Clear ${label}` }}
    />
  );
  const day = (name: (typeof filters)[number], label: string) => (
    <When label={label} day value={search[name]} onChange={(at) => set({ [name]: at })} />
  );
  return (
    <Stack gap="sm">
      <Group gap="xs" wrap="nowrap">
        <TextInput
          flex={1}
          type="search"
          leftSection={<IconSearch size={16} />}
          placeholder="Beginning of an address, username or number, or an id"
          aria-label="Search users"
          value={typed}
          maxLength={320}
          onChange={(e) => type(e.currentTarget.value)}
        />
        <Button
          variant="default"
          leftSection={<IconFilter size={16} />}
          onClick={panel.toggle}
          aria-expanded={opened}
          aria-controls="user-filters"
        >
          {n > 0 ? `Filters (${n})` : "Filters"}
        </Button>
      </Group>
      <Collapse expanded={opened} id="user-filters">
        <Stack gap="sm">
          <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm">
            {choice("active", "State", [
              { value: "true", label: "Active" },
              { value: "false", label: "Deactivated" },
            ])}
            {choice("verified", "Address", [
              { value: "true", label: "Verified" },
              { value: "false", label: "None verified" },
            ])}
            {choice("factor", "Second factor", [
              { value: "any", label: "Has one" },
              { value: "none", label: "Has none" },
              { value: "totp", label: "Authenticator app" },
              { value: "webauthn", label: "Key or passkey" },
              { value: "recovery_codes", label: "Recovery codes" },
            ])}
            <Group align="end">
              <Button variant="default" onClick={clear} disabled={n === 0}>
                Clear filters
              </Button>
            </Group>
            {day("created_from", "Joined from")}
            {day("created_until", "Joined before")}
            {day("last_login_from", "Last signed in from")}
            {day("last_login_until", "Last signed in before")}
          </SimpleGrid>
        </Stack>
      </Collapse>
    </Stack>
  );
}
