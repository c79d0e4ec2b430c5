// Names of what the log has ids of alone: its users.
import { Anchor } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { createContext, useContext } from "react";
import { api } from "../../api/client";
import { may, useMe } from "../../session/me";
import { called } from "../users/Called";

/** Names that the screen knows already, by the users' ids. */
export const KnownUsers = createContext<Record<string, string>>({});

/** The beginning of an id, to tell it from others at a glance. It is its end that differs for what was made at about one time. */
export const brief = (id: string): string => (id.length > 12 ? `…${id.slice(-8)}` : id);

/** A user, by what they are called if that can be told, with a link. */
export function UserLink({ slug, id }: { slug: string | undefined; id: string }) {
  const known = useContext(KnownUsers)[id];
  const me = useMe();
  const query = api.useQuery(
    "get",
    "/admin/v1/tenants/{slug}/users",
    { params: { path: { slug: slug ?? "" }, query: { q: id, limit: 1 } } },
    {
      enabled: slug !== undefined && known === undefined && may(me.data, "users.read", slug),
      staleTime: 300_000,
      meta: { name: id },
    },
  );
  const found = query.data?.items[0];
  const name = known ?? (found ? called(found) : undefined);
  if (slug === undefined || (query.data && !found && known === undefined)) {
    return (
      <code className="code" title={id}>
        {brief(id)}
      </code>
    );
  }
  return (
    <Anchor component={Link} to={`/tenants/${slug}/users/${id}`} size="sm" className="foreign" title={id}>
      {name ?? brief(id)}
    </Anchor>
  );
}
