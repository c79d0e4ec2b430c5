// Something to know before one goes on. The colour is the icon's alone, so that the words can be read in both schemes.
import { Alert, Text } from "@mantine/core";
import { IconAlertTriangle, IconInfoCircle, IconShieldExclamation } from "@tabler/icons-react";
import type { ReactNode } from "react";

const kinds = {
  info: { colour: "var(--mantine-color-anchor)", icon: IconInfoCircle },
  warning: { colour: "var(--mantine-color-yellow-7)", icon: IconAlertTriangle },
  danger: { colour: "var(--mantine-color-error)", icon: IconShieldExclamation },
};

export function Notice(props: {
  kind?: keyof typeof kinds;
  title?: string;
  /** Said to whoever does not see the screen as soon as it appears. */
  live?: boolean;
  children: ReactNode;
}) {
  const { colour, icon: Icon } = kinds[props.kind ?? "info"];
  return (
    <Alert
      variant="default"
      role={props.live ? "status" : "note"}
      title={props.title}
      icon={<Icon color={colour} aria-hidden />}
    >
      <Text size="sm" component="div">
        {props.children}
      </Text>
    </Alert>
  );
}
