// The command palette: every place, tenants by what their slug, name or host begins with and, within a tenant, its users.

import { useDebouncedValue } from "@mantine/hooks";
import { Spotlight, type SpotlightActionData, spotlight } from "@mantine/spotlight";
import { IconBuilding, IconSearch, IconUser } from "@tabler/icons-react";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api } from "../api/client";
import { may, useMe } from "../session/me";
import { useTenant } from "../settings/draft";
import { ofTenant, open, type Place, platform } from "./menu";

export const openPalette = () => spotlight.open();

export function Palette() {
  const navigate = useNavigate();
  const { slug } = useParams({ strict: false });
  const { data: me } = useMe();
  const [typed, setTyped] = useState("");
  const [q] = useDebouncedValue(typed.trim(), 200);
  // The frame reads the tenant; its name is here as soon as it is there.
  const { data: within } = useTenant(slug ?? "", false);
  const tenants = api.useQuery(
    "get",
    "/admin/v1/tenants",
    { params: { query: { q, limit: 5 } } },
    { enabled: q.length > 1 },
  );
  const users = api.useQuery(
    "get",
    "/admin/v1/tenants/{slug}/users",
    { params: { path: { slug: slug ?? "" }, query: { q, limit: 5 } } },
    { enabled: q.length > 2 && slug !== undefined && may(me, "users.read", slug) },
  );
  const go = (place: Place): SpotlightActionData => ({
    id: place.to,
    label: place.label,
    keywords: place.words,
    leftSection: <place.icon size={18} />,
    onClick: () => void navigate({ to: place.to }),
  });
  const places = [
    ...(slug === undefined
      ? []
      : ofTenant(slug).map((g) => ({
          group: `${within?.name ?? slug}: ${g.label}`,
          actions: g.places.filter((p) => open(p, me, slug)).map(go),
        }))),
    {
      group: slug === undefined ? "Platform" : "All of the platform",
      actions: platform.filter((p) => open(p, me)).map(go),
    },
  ];
  // What the server found is shown whatever it was found by.
  const found = [
    {
      group: "Tenants",
      actions: (q.length > 1 ? (tenants.data?.items ?? []) : []).map((t) => ({
        id: `tenant ${t.slug}`,
        label: t.name,
        description: t.slug,
        keywords: typed,
        leftSection: <IconBuilding size={18} />,
        onClick: () => void navigate({ to: `/tenants/${t.slug}` }),
      })),
    },
    {
      group: slug === undefined ? "Users" : `Users of ${within?.name ?? slug}`,
      actions: (q.length > 2 ? (users.data?.items ?? []) : []).map((u) => ({
        id: `user ${u.id}`,
        label: u.email || u.username || u.phone || u.id,
        description: u.name,
        keywords: typed,
        leftSection: <IconUser size={18} />,
        onClick: () => void navigate({ to: `/tenants/${slug}/users/${u.id}` }),
      })),
    },
  ];
  return (
    <Spotlight
      actions={[...places, ...found].filter((g) => g.actions.length > 0)}
      onQueryChange={setTyped}
      shortcut={["mod + K", "mod + P", "/"]}
      highlightQuery={false}
      attributes={{ content: { "aria-label": "Find a screen, a tenant or a user" } }}
      scrollable
      centered={false} // what grows from the middle jumps as somebody types
      maxHeight="60dvh"
      nothingFound="Nothing is called that"
      searchProps={{
        leftSection: <IconSearch size={18} />,
        placeholder: "A screen, a tenant or a user",
        "aria-label": "Go to",
      }}
    />
  );
}
