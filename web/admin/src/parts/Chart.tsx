// Counts over time as a picture, and as a table for whoever does not see it or wants the numbers. What draws is fetched when the first chart
// is shown. Every state is of one height: nothing moves when the numbers come.

import {
  ActionIcon,
  Box,
  Card,
  Center,
  Group,
  ScrollArea,
  Skeleton,
  Table,
  Text,
  Title,
  Tooltip,
  useComputedColorScheme,
} from "@mantine/core";
import { IconChartLine, IconTable } from "@tabler/icons-react";
import { lazy, Suspense, useId, useState } from "react";
import { inOneSentence, type Line, period, type Stats, toneVariable, total, valuesOf, when } from "./series";
import { number } from "./words";

const Plot = lazy(() => import("./Plot"));
const height = 190;

export function Chart(props: {
  title: string;
  stats: Stats;
  lines: Line[];
  kind?: "bars" | "lines";
  /** What to say where nothing was counted at all. */
  nothing?: string;
  /** Where adding up would be wrong, as of people, who are active in more than one interval. */
  withoutTotal?: boolean;
}) {
  const { stats, lines, title, kind = "lines" } = props;
  const [asTable, setAsTable] = useState(false);
  const [at, setAt] = useState<number>();
  const id = useId();
  const scheme = useComputedColorScheme("light");
  const values = lines.map((line) => valuesOf(stats, line.name));
  const empty = values.every((v) => total(v) === 0);
  const pointed = at === undefined || asTable ? undefined : stats.series[at];
  const toggle = asTable ? `Show ${title} as a chart` : `Show ${title} as a table`;
  return (
    <Card withBorder component="section" aria-labelledby={id} padding="lg">
      <Group justify="space-between" wrap="nowrap" gap="sm" mb="md">
        <Title order={3} size="h2" id={id}>
          {title}
        </Title>
        <Tooltip label={toggle}>
          <ActionIcon variant="subtle" color="gray" aria-label={toggle} onClick={() => setAsTable(!asTable)}>
            {asTable ? <IconChartLine size={18} /> : <IconTable size={18} />}
          </ActionIcon>
        </Tooltip>
      </Group>
      <Box h={height} miw={0}>
        {asTable ? (
          <AsTable {...{ title, stats, lines }} />
        ) : empty ? (
          <Center h="100%">
            <Text size="sm" c="dimmed" ta="center" maw="36ch">
              {props.nothing ?? `Nothing in the last ${period[stats.interval]}.`}
            </Text>
          </Center>
        ) : (
          <Suspense fallback={<Skeleton height={height} aria-busy="true" />}>
            <Plot
              label={`${title}: ${inOneSentence(stats, lines)}`}
              stats={stats}
              values={values}
              tones={lines.map((l) => l.tone)}
              scheme={scheme}
              kind={kind}
              height={height}
              pointAt={setAt}
            />
          </Suspense>
        )}
      </Box>
      <Group gap="md" mih={22} mt="md">
        {lines.map((line, i) => (
          <Group key={line.name} gap={6} wrap="nowrap">
            <Box w={12} h={12} bg={`var(${toneVariable(line.tone, scheme)})`} style={{ borderRadius: 3 }} aria-hidden />
            <Text size="sm">
              {line.label}
              {pointed ? (
                <b> {number(pointed.counts[line.name] ?? 0)}</b>
              ) : (
                !props.withoutTotal && <b> {number(total(values[i] ?? []))}</b>
              )}
            </Text>
          </Group>
        ))}
        <Text size="sm" c="dimmed" ml="auto">
          {pointed ? when(pointed.at, stats.interval) : `last ${period[stats.interval]}`}
        </Text>
      </Group>
    </Card>
  );
}

function AsTable({ title, stats, lines }: { title: string; stats: Stats; lines: Line[] }) {
  return (
    <ScrollArea
      h={height}
      type="auto"
      viewportProps={{ tabIndex: 0, role: "group", "aria-label": `${title} in numbers` }}
    >
      <Table verticalSpacing={4} stickyHeader aria-label={title}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">
              {stats.interval === "hour" ? "Hour" : stats.interval === "day" ? "Day" : "Month"}
            </Table.Th>
            {lines.map((line) => (
              <Table.Th key={line.name} scope="col" ta="end">
                {line.label}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {stats.series.toReversed().map((one) => (
            <Table.Tr key={one.at}>
              <Table.Td>{when(one.at, stats.interval)}</Table.Td>
              {lines.map((line) => (
                <Table.Td key={line.name} ta="end">
                  {number(one.counts[line.name] ?? 0)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea>
  );
}
