// What the doctor found, what is wrong first.
import { Anchor, Badge, Table, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { Schema } from "../../api/client";
import { Section } from "../../parts/Section";
import { count } from "../../parts/words";
import { type Level, order, placeOf, subjects } from "./places";

const levels: Record<Level, { label: string; color: string }> = {
  problem: { label: "Problem", color: "red" },
  warning: { label: "Warning", color: "yellow" },
  unknown: { label: "Cannot tell", color: "gray" },
  ok: { label: "Well", color: "green" },
};

export function Findings({ found, slug }: { found: Schema<"Diagnosis">; slug: string | undefined }) {
  const tenant = slug ?? found.tenant ?? undefined;
  const problems = found.checks.filter((c) => c.level === "problem").length;
  const title =
    problems > 0
      ? count(problems, "problem")
      : found.checks.some((c) => c.level === "warning")
        ? "Nearly well"
        : "No problem was found";
  return (
    <Section
      title={title}
      lead={
        <>
          At <span className="code foreign">{found.url}</span>
          {found.tenant !== null && slug === undefined && (
            <>
              {" "}
              people reach the tenant{" "}
              <Anchor component={Link} to={`/tenants/${found.tenant}`} inherit underline="always">
                {found.tenant}
              </Anchor>
            </>
          )}
          .
        </>
      }
    >
      <Table className="rows" aria-label="What was looked at">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">State</Table.Th>
            <Table.Th scope="col">Subject</Table.Th>
            <Table.Th scope="col">What was found, and what to do</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {order(found.checks).map((c) => (
            <Table.Tr key={`${c.subject} ${c.message}`}>
              <Table.Td data-label="State">
                <Badge color={levels[c.level].color} miw="max-content">
                  {levels[c.level].label}
                </Badge>
              </Table.Td>
              <Table.Td data-label="Subject">{subjects[c.subject] ?? c.subject}</Table.Td>
              <Table.Td data-label="">
                <div>
                  <Text size="sm" className="foreign" ta="start">
                    {c.message}
                  </Text>
                  {c.remedy && (
                    <Text size="sm" className="foreign" ta="start" mt={4}>
                      <b>What to do:</b> {c.setting && <Setting name={c.setting} tenant={tenant} />}
                      {c.remedy}
                    </Text>
                  )}
                </div>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  );
}

function Setting({ name, tenant }: { name: string; tenant: string | undefined }) {
  const place = placeOf(name);
  return (
    <>
      {place && tenant ? (
        <Anchor
          component={Link}
          to={`/tenants/${tenant}/${place}`}
          hash={name}
          inherit
          underline="always"
          className="code"
        >
          {name}
        </Anchor>
      ) : (
        <code className="code">{name}</code>
      )}
      {": "}
    </>
  );
}
