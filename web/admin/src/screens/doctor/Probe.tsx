// What arrives of a request can only be seen by sending one, from where people are. These pages may talk to no other server than their own
// (their policy says so), and the server fetches nothing: so somebody sends it from a shell.
import { Alert, Button, Group, List, Stack, Text } from "@mantine/core";
import { useState } from "react";
import type { Schema } from "../../api/client";
import { Copy } from "../../parts/Copy";
import { Failure } from "../../parts/Failure";
import { Section } from "../../parts/Section";
import type { Line } from "../../parts/sh";
import { curl } from "./places";

export function Probe(props: {
  url: string;
  slug: string | undefined;
  origin: string;
  arrived: boolean;
  command: Line;
  issue: () => Promise<Schema<"ProbeRequest">>;
  look: (probe: string) => void;
  looking: boolean;
  looked: string | undefined;
}) {
  const [probe, setProbe] = useState<Schema<"ProbeRequest">>();
  const [error, setError] = useState<unknown>();
  const ask = async () => {
    setError(undefined);
    try {
      setProbe(await props.issue());
    } catch (failed) {
      setError(failed);
    }
  };
  const line =
    probe &&
    curl(props.url, probe.path, {
      ...probe.headers,
      ...(props.slug && probe.tenant_header ? { [probe.tenant_header]: props.slug } : {}),
      ...(props.origin ? { Origin: props.origin } : {}),
    });
  return (
    <Section
      title="What arrives of a request"
      lead="What proxies make of a request shows when one is sent. It should come from where people are, outside of the private network: neither this page nor the server can send it, so you do, from a shell there."
      actions={
        <Button variant="default" size="xs" onClick={ask}>
          {probe ? "Make another request" : "Make a request"}
        </Button>
      }
    >
      {error !== undefined && <Failure error={error} />}
      {line && probe && (
        <List type="ordered" spacing="sm" size="sm">
          <List.Item>
            Run this within two minutes:
            <Group wrap="nowrap" align="start" mt={4}>
              <code className="code">{String(line)}</code>
              <Copy value={String(line)} what="the command" />
            </Group>
          </List.Item>
          <List.Item>
            Come back and see what arrived:
            <Group mt={4}>
              <Button size="xs" onClick={() => props.look(probe.probe)} loading={props.looking}>
                See what arrived
              </Button>
            </Group>
          </List.Item>
        </List>
      )}
      {props.looked !== undefined && !props.looking && !props.arrived && (
        <Alert color="yellow" variant="outline" role="status">
          Nothing has arrived at this server. Was the command run within two minutes, and answered? With several servers
          it may have reached another one than this: try again.
        </Alert>
      )}
      <Stack gap={4}>
        <Text size="sm" c="dimmed">
          The command line does all of it in one step, and looks at the answer as well:
        </Text>
        <Group wrap="nowrap" align="start">
          <code className="code">{String(props.command)}</code>
          <Copy value={String(props.command)} what="the command line" />
        </Group>
      </Stack>
    </Section>
  );
}
