// One event of the log: a row, and all that it says below it.

import { ActionIcon, Anchor, Badge, Box, Group, Stack, Table, Text } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useId, useState } from "react";
import { Changes, shown } from "../../parts/Changes";
import { Copy } from "../../parts/Copy";
import { Facts } from "../../parts/Facts";
import { Time } from "../../parts/Time";
import { number } from "../../parts/words";
import { brief, UserLink } from "./Names";
import { type AuditEvent, alarming, changesOf, doer, gist, inWords, placeOf, restOf, targetOf } from "./words";

/** Narrows the log to what an event has. */
export type Narrow = (filter: Partial<Record<"action" | "actor" | "user" | "session" | "request", string>>) => void;

interface OfEvent {
  event: AuditEvent;
  /** The tenant, unless it is gone. */
  slug: string | undefined;
  /** Whether the list is of many tenants. */
  many?: boolean;
  /** Whether whom it is about goes without saying. */
  ofOne?: boolean;
  narrow?: Narrow;
}

/** The columns of a list of events. */
export const columns = (many: boolean, ofOne: boolean): string[] => [
  "Details",
  "When",
  "What",
  "Who",
  ...(ofOne ? [] : ["About"]),
  ...(many ? ["Tenant"] : []),
  "From",
];

export function EventRow(props: OfEvent) {
  const { event, slug, many = false, ofOne = false } = props;
  const [opened, setOpened] = useState(false);
  const id = useId();
  const said = gist(event.details);
  return (
    <>
      <Table.Tr>
        <Table.Td data-label="" w={44}>
          <ActionIcon
            variant="subtle"
            color="gray"
            onClick={() => setOpened(!opened)}
            aria-expanded={opened}
            aria-controls={opened ? id : undefined}
            aria-label={`${opened ? "Hide" : "Show"} the details of: ${inWords(event.action)}`}
          >
            {opened ? <IconChevronDown size={16} /> : <IconChevronRight size={16} />}
          </ActionIcon>
        </Table.Td>
        <Table.Td data-label="When">
          <Text size="sm" component="span" className="nowrap">
            <Time at={event.at} />
          </Text>
        </Table.Td>
        <Table.Td data-label="What">
          <Stack gap={0} miw={0}>
            <Text size="sm" fw={600} c={alarming(event.action) ? "var(--alarm)" : undefined}>
              {inWords(event.action)}
            </Text>
            {said && (
              <Text size="xs" c="dimmed" className="foreign" lineClamp={2}>
                {said}
              </Text>
            )}
          </Stack>
        </Table.Td>
        <Table.Td data-label="Who" miw="10rem">
          <Actor event={event} slug={slug} />
        </Table.Td>
        {!ofOne && (
          <Table.Td data-label="About">
            <About event={event} slug={slug} />
          </Table.Td>
        )}
        {many && (
          <Table.Td data-label="Tenant">
            {slug ? (
              <Anchor component={Link} to={`/tenants/${slug}/audit`} size="sm" className="foreign">
                {slug}
              </Anchor>
            ) : (
              <code className="code" title={`A tenant that was deleted: ${event.tenant_id}`}>
                {brief(event.tenant_id)}
              </code>
            )}
          </Table.Td>
        )}
        <Table.Td data-label="From">
          {event.ip ? <code className={event.ip.length > 15 ? "code" : "code nowrap"}>{event.ip}</code> : "–"}
        </Table.Td>
      </Table.Tr>
      {opened && (
        <Table.Tr id={id}>
          <Table.Td colSpan={columns(many, ofOne).length} data-label="" className="whole">
            <Whole {...props} />
          </Table.Td>
        </Table.Tr>
      )}
    </>
  );
}

function Actor({ event, slug }: { event: AuditEvent; slug: string | undefined }) {
  const { actor } = event;
  if (actor.kind === "user" && actor.id) {
    return <UserLink slug={slug} id={actor.id} />;
  }
  const to = actor.kind === "operator" ? "/operators" : actor.kind === "token" ? "/tokens" : undefined;
  const kind = actor.name
    ? { operator: "operator", token: "API token", break_glass: "emergency token" }[actor.kind as string]
    : undefined;
  return (
    <Stack gap={0} miw={0}>
      {to ? (
        <Anchor component={Link} to={to} size="sm" className="foreign">
          {doer(actor)}
        </Anchor>
      ) : (
        <Text size="sm" className="foreign">
          {doer(actor)}
        </Text>
      )}
      {kind && (
        <Text size="xs" c="dimmed">
          {kind}
        </Text>
      )}
    </Stack>
  );
}

function About({ event, slug }: { event: AuditEvent; slug: string | undefined }) {
  const target = targetOf(event.target);
  if (event.user_id && (target.kind === "user" || event.target === "")) {
    return event.actor.kind === "user" && event.actor.id === event.user_id ? (
      <Text size="sm" c="dimmed">
        themselves
      </Text>
    ) : (
      <UserLink slug={slug} id={event.user_id} />
    );
  }
  if (event.target === "") {
    return <>–</>;
  }
  const place = placeOf(event.target, slug);
  const label = target.id ? `${target.kind}\u00a0${brief(target.id)}` : target.kind;
  return place ? (
    <Anchor
      component={Link}
      to={place.to}
      search={place.search as never}
      size="sm"
      className="foreign"
      title={event.target}
    >
      {label}
    </Anchor>
  ) : (
    <Text size="sm" className="foreign" title={event.target}>
      {label}
    </Text>
  );
}

/** All that an event says. */
function Whole({ event, slug, narrow }: OfEvent) {
  const changes = changesOf(event.details);
  const rest = restOf(event.details);
  const facts: [string, ReactNode][] = [
    [
      "Event",
      <code key="event" className="code">
        {event.action}
      </code>,
    ],
    ["Exactly when", event.at],
    ["Actor", `${event.actor.kind || "unknown"}${event.actor.id ? ` ${event.actor.id}` : ""}`],
    ["Target", event.target],
    ["User", event.user_id && <UserLink key="user" slug={slug} id={event.user_id} />],
    ["User id", event.user_id],
    ["Program", event.user_agent],
    ["Session", event.session_id],
    [
      "Request",
      event.request_id && (
        <Group key="request" gap={4}>
          <code className="code">{event.request_id}</code>
          <Copy value={event.request_id} what="the request's id" />
        </Group>
      ),
    ],
    ["Place in the chain", event.number === null ? "not yet; it follows within a second or so" : number(event.number)],
  ];
  const links: [string, Parameters<Narrow>[0], unknown][] = [
    ["This kind of event", { action: event.action }, true],
    ["By the same actor", { actor: event.actor.id }, event.actor.id],
    ["About the same user", { user: event.user_id ?? "" }, event.user_id],
    ["In the same session", { session: event.session_id ?? "" }, event.session_id],
    ["In the same request", { request: event.request_id }, event.request_id],
  ];
  return (
    <Stack gap="md" py="xs" px={{ base: 0, sm: "sm" }} ta="start" w="100%">
      {changes.length > 0 && <Changes changes={changes} />}
      {rest.length > 0 && (
        <Box>
          <Text size="sm" fw={600} mb={4}>
            Details
          </Text>
          <Facts
            facts={rest.map(([name, value]) => [
              name,
              <code key={name} className="code">
                {shown(value)}
              </code>,
            ])}
          />
        </Box>
      )}
      <Facts facts={facts.filter(([, value]) => value)} />
      {narrow && (
        <Group gap="xs">
          {links
            .filter(([, , there]) => there)
            .map(([label, filter]) => (
              <Badge
                key={label}
                component="button"
                type="button"
                variant="outline"
                color="gray"
                style={{ cursor: "pointer" }}
                onClick={() => narrow(filter)}
              >
                {label}
              </Badge>
            ))}
        </Group>
      )}
    </Stack>
  );
}
