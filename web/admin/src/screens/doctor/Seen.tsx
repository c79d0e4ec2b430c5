// What arrived of the probe.
import { Table } from "@mantine/core";
import type { Schema } from "../../api/client";
import { Section } from "../../parts/Section";

export function Seen({ seen }: { seen: Schema<"Sight"> }) {
  const lines: [string, string][] = [
    ["Host", seen.host],
    ["Tenant", seen.tenant],
    ["It came from", seen.peer],
    ["Taken for the client", seen.client_ip],
    ["X-Forwarded-For", seen.forwarded_for.join(", ")],
    ["The header for the client's address", seen.client_ip_header.join(", ")],
    ["X-Forwarded-Proto", seen.forwarded_proto],
  ];
  return (
    <Section title="What arrived" lead="The request claimed to come from 203.0.113.9, an address that nobody has.">
      <Table variant="vertical" layout="fixed" withTableBorder aria-label="What arrived of the request">
        <Table.Tbody>
          {lines.map(([label, value]) => (
            <Table.Tr key={label}>
              <Table.Th scope="row" w="38%">
                {label}
              </Table.Th>
              <Table.Td className="foreign">{value ? <code className="code">{value}</code> : "nothing"}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}
