import { Anchor, Group, Paper, Text, ThemeIcon } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

/** One number, what it is of, and what to make of it. */
export function Tile(props: {
  label: string;
  value: ReactNode;
  note?: ReactNode;
  /** Where there is more of it. */
  to?: string;
  search?: Record<string, string>;
  /** Whether somebody should look at it; told by a mark, and not by colour alone. */
  look?: boolean;
}) {
  return (
    <Paper withBorder p="md" component="li">
      <Group justify="space-between" wrap="nowrap" gap={4} mih={24}>
        <Text size="sm" c="dimmed" component="span">
          {props.to ? (
            <Anchor component={Link} to={props.to} search={(props.search ?? {}) as never} c="inherit" inherit>
              {props.label}
            </Anchor>
          ) : (
            props.label
          )}
        </Text>
        {props.look && (
          <ThemeIcon color="orange.9" variant="filled" size="sm" radius="xl" role="img" aria-label="Needs a look">
            <IconAlertTriangle size={13} />
          </ThemeIcon>
        )}
      </Group>
      <Text fz={{ base: "1.3rem", sm: "1.55rem" }} fw={650} lh={1.3} component="div" className="foreign">
        {props.value}
      </Text>
      <Text size="xs" c="dimmed" mih={18} component="div">
        {props.note}
      </Text>
    </Paper>
  );
}
