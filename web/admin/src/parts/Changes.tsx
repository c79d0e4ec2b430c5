import { Badge, Group, Table, Text } from "@mantine/core";
import type { Schema } from "../api/client";

/** A value of a configuration, as a person reads it. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) {
    return "not set";
  }
  return typeof value === "string" ? value || "empty" : JSON.stringify(value, null, 1);
}

/** What changed, from what to what. */
export function Changes({ changes }: { changes: Schema<"Change">[] }) {
  if (changes.length === 0) {
    return <Text size="sm">Nothing changes.</Text>;
  }
  return (
    <Table className="rows" aria-label="What changes" layout="fixed">
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">Setting</Table.Th>
          <Table.Th scope="col">Before</Table.Th>
          <Table.Th scope="col">After</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {changes.map((c) => (
          <Table.Tr key={c.path}>
            <Table.Td data-label="Setting">
              <Group gap={6}>
                <code className="code">{c.path}</code>
                {c.secret && <Badge color="yellow">secret</Badge>}
              </Group>
            </Table.Td>
            <Table.Td data-label="Before">
              <code className="code foreign">{shown(c.before)}</code>
            </Table.Td>
            <Table.Td data-label="After">
              <code className="code foreign">{c.secret ? "another secret" : shown(c.after)}</code>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
