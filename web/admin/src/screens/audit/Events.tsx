import { Button, Center, Table, Text, VisuallyHidden } from "@mantine/core";
import { columns, EventRow, type Narrow } from "./Event";
import type { AuditEvent } from "./words";

/** A list of events, each of which opens. */
export function Events(props: {
  label: string;
  events: AuditEvent[];
  /** The tenant whose events they are; undefined for those of many. */
  slug: string | undefined;
  /** Whether whom they are about goes without saying. */
  ofOne?: boolean;
  narrow?: Narrow;
  more?: () => void;
  busy?: boolean;
}) {
  const many = props.slug === undefined;
  return (
    <>
      <Table className="rows events" aria-label={props.label}>
        <Table.Thead>
          <Table.Tr>
            {columns(many, props.ofOne === true).map((c) => (
              <Table.Th key={c} scope="col">
                {c === "Details" ? <VisuallyHidden>{c}</VisuallyHidden> : c}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {props.events.map((event) => (
            <EventRow
              key={event.id}
              event={event}
              slug={props.slug ?? event.tenant ?? undefined}
              many={many}
              ofOne={props.ofOne}
              narrow={props.narrow}
            />
          ))}
        </Table.Tbody>
      </Table>
      {props.more && (
        <Center>
          <Button variant="default" onClick={props.more} loading={props.busy}>
            Show older events
          </Button>
        </Center>
      )}
      {props.more && props.events.length === 0 && (
        <Text size="sm" c="dimmed" ta="center" role="status">
          Many events were looked at, and none of them fits. There may be older ones.
        </Text>
      )}
    </>
  );
}
