import { Badge, Group } from "@mantine/core";
import type { Schema } from "../../api/client";

export type Import = Schema<"Import">;

const states: Record<Import["state"], [string, string]> = {
  uploading: ["Uploading", "yellow"],
  running: ["Running", "blue"],
  finished: ["Finished", "green"],
  cancelled: ["Cancelled", "gray"],
};

export function ImportState({ one }: { one: Import }) {
  const [label, color] = states[one.state];
  return (
    <Group gap={6} wrap="nowrap" component="span">
      <Badge color={color} component="span">
        {label}
      </Badge>
      {one.dry_run && (
        <Badge color="gray" variant="outline" component="span">
          Dry run
        </Badge>
      )}
    </Group>
  );
}
