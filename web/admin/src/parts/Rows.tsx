import { Button, Center, Table, VisuallyHidden } from "@mantine/core";
import type { ReactNode } from "react";

/** A column of a table: its heading, and what a row has there. */
export interface Column<T> {
  label: string;
  cell: (row: T) => ReactNode;
  /** For headings that only those need who do not see the column, such as "Actions". */
  quiet?: boolean;
}

/** A table that becomes a list of cards on a narrow screen. Long lists come in pages: more brings the next one. */
export function Rows<T>(props: {
  label: string;
  columns: Column<T>[];
  rows: T[];
  id: (row: T) => string;
  more?: () => void;
  busy?: boolean;
}) {
  return (
    <>
      <Table className="rows" highlightOnHover aria-label={props.label}>
        <Table.Thead>
          <Table.Tr>
            {props.columns.map((c) => (
              <Table.Th key={c.label} scope="col">
                {c.quiet ? <VisuallyHidden>{c.label}</VisuallyHidden> : c.label}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {props.rows.map((row) => (
            <Table.Tr key={props.id(row)}>
              {props.columns.map((c) => (
                <Table.Td key={c.label} data-label={c.quiet ? "" : c.label}>
                  {c.cell(row)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {props.more && (
        <Center>
          <Button variant="default" onClick={props.more} loading={props.busy}>
            Show more
          </Button>
        </Center>
      )}
    </>
  );
}
