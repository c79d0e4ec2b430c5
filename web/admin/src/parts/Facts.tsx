import { Text } from "@mantine/core";
import { Fragment, type ReactNode } from "react";

/** Names and what they are, one under the other. */
export function Facts({ facts }: { facts: [string, ReactNode][] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <Fragment key={name}>
          <Text component="dt" size="sm" c="dimmed">
            {name}
          </Text>
          <Text component="dd" size="sm" m={0} className="foreign">
            {value}
          </Text>
        </Fragment>
      ))}
    </dl>
  );
}
