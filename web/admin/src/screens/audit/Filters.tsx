import { Autocomplete, Button, Collapse, Group, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { Search } from "../../parts/address";
import { useTyped } from "../../parts/useTyped";
import { When } from "../../parts/When";
import { actions, inWords } from "./words";

/** The parameters of the log. */
export const filters = ["action", "actor", "user", "session", "request", "since", "until"] as const;

/** Those that are ids, which are seldom typed: most come by a click on an event. */
const ids = ["actor", "user", "session", "request"] as const;

export function Filters({ search, set }: { search: Search; set: (change: Search) => void }) {
  const [action, type] = useTyped(search.action, (v) => set({ action: v }), 400);
  const n = filters.filter((name) => search[name]).length;
  const byId = ids.some((name) => search[name]);
  const [opened, panel] = useDisclosure(false);
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm">
        <Autocomplete
          label="What"
          placeholder="Any event"
          data={actions}
          value={action}
          onChange={(v) => type(v, actions.includes(v))}
          limit={60}
          maxDropdownHeight={320}
          renderOption={({ option }) => (
            <Stack gap={0}>
              <span>{option.value.includes(".") ? inWords(option.value) : `All of ${option.value}`}</span>
              <code className="code">{option.value}</code>
            </Stack>
          )}
        />
        <When label="Since" value={search.since} onChange={(at) => set({ since: at })} />
        <When label="Until" value={search.until} onChange={(at) => set({ until: at })} />
        <Group align="end" gap="xs">
          <Button
            variant="default"
            onClick={panel.toggle}
            disabled={byId}
            aria-expanded={opened || byId}
            aria-controls="event-ids"
          >
            By id
          </Button>
          <Button
            variant="default"
            disabled={n === 0}
            onClick={() => set(Object.fromEntries(filters.map((name) => [name, undefined])))}
          >
            Clear
          </Button>
        </Group>
      </SimpleGrid>
      <Collapse expanded={opened || byId} id="event-ids">
        <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm">
          <Id name="user" label="About the user" search={search} set={set} />
          <Id name="actor" label="By the actor" search={search} set={set} />
          <Id name="session" label="In the session" search={search} set={set} />
          <Id name="request" label="In the request" search={search} set={set} />
        </SimpleGrid>
      </Collapse>
    </Stack>
  );
}

function Id(props: {
  name: "user" | "actor" | "session" | "request";
  label: string;
  search: Search;
  set: (change: Search) => void;
}) {
  const { name, label, search, set } = props;
  const [value, type] = useTyped(search[name], (v) => set({ [name]: v }), 400);
  return (
    <TextInput
      label={label}
      placeholder="Any id"
      value={value}
      maxLength={200}
      spellCheck={false}
      autoComplete="off"
      onChange={(e) => type(e.currentTarget.value)}
    />
  );
}
