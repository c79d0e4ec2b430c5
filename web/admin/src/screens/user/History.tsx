import { Anchor, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { api } from "../../api/client";
import { asLog } from "../../parts/asLog";
import { Loaded } from "../../parts/Loaded";
import { rowsOf } from "../../parts/pages";
import { Section } from "../../parts/Section";
import { Events } from "../audit/Events";
import { KnownUsers } from "../audit/Names";
import { called } from "../users/Called";
import type { OfUser } from "./of";

/** What happened to a user, and what they did. */
export function History({ slug, user }: OfUser) {
  const query = api.useInfiniteQuery(
    "get",
    "/admin/v1/tenants/{slug}/audit",
    { params: { path: { slug }, query: { user: user.id, limit: 25 } } },
    asLog,
  );
  return (
    <Section
      title="History"
      lead="What the user did, and what was done to the account, the latest first."
      actions={
        <Anchor component={Link} to={`/tenants/${slug}/audit`} search={{ user: user.id } as never} size="sm">
          See it in the audit log
        </Anchor>
      }
    >
      <KnownUsers value={{ [user.id]: called(user) }}>
        <Loaded query={query}>
          {(data) => {
            const events = rowsOf(data);
            const more = query.hasNextPage ? () => void query.fetchNextPage() : undefined;
            return events.length === 0 && !more ? (
              <Text size="sm" c="dimmed">
                Nothing that is still kept.
              </Text>
            ) : (
              <Events label="History" ofOne events={events} slug={slug} more={more} busy={query.isFetchingNextPage} />
            );
          }}
        </Loaded>
      </KnownUsers>
    </Section>
  );
}
