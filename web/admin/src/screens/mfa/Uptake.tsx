// Who has a second factor, and who has none: the list of users says.
import { Anchor, Group } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { May } from "../../parts/May";

export function Uptake({ slug }: { slug: string }) {
  const to = (factor: string) => ({ to: `/tenants/${slug}/users`, search: { factor } as never });
  return (
    <May permission="users.read">
      <Group gap="md">
        <Anchor component={Link} {...to("any")} size="sm">
          Users with one
        </Anchor>
        <Anchor component={Link} {...to("none")} size="sm">
          Users without
        </Anchor>
      </Group>
    </May>
  );
}
