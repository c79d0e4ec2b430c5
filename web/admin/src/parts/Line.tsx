import { Table } from "@mantine/core";
import type { ReactNode } from "react";

/** A line of a table that stands on its side: a name, and what it is. */
export function Line({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Table.Tr>
      <Table.Th w={150} scope="row">
        {label}
      </Table.Th>
      <Table.Td className="foreign">{children}</Table.Td>
    </Table.Tr>
  );
}
