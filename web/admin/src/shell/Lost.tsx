import { Anchor, Center } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Empty } from "../parts/Empty";

/** What stands at an address that is none. */
export function Lost() {
  return (
    <Center mih="60dvh" component="main">
      <Empty
        title="There is no such page"
        action={
          <Anchor component={Link} to="/">
            To the overview
          </Anchor>
        }
      >
        The address may be mistyped, or from another version.
      </Empty>
    </Center>
  );
}
