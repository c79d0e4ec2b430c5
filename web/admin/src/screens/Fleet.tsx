// How the whole platform does. Whoever has a role with single tenants alone has no platform to look at, and is led to theirs.
import { Text } from "@mantine/core";
import { Navigate } from "@tanstack/react-router";
import { api } from "../api/client";
import { Activity } from "../parts/Activity";
import { Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { sh } from "../parts/sh";
import { Time } from "../parts/Time";
import { may, useMe } from "../session/me";
import { Attention } from "./fleet/Attention";
import { Now } from "./fleet/Now";
import { Tops } from "./fleet/Tops";

export default function Fleet() {
  const { data: me } = useMe();
  if (!me) {
    return null;
  }
  if (!may(me, "stats.read")) {
    const only = me.tenants.length === 1 ? me.tenants[0]?.tenant : undefined;
    return only ? <Navigate to="/tenants/$slug" params={{ slug: only }} replace /> : <Navigate to="/tenants" replace />;
  }
  return <Platform />;
}

function Platform() {
  const fleet = api.useQuery("get", "/admin/v1/fleet", {}, { refetchInterval: 30_000 });
  return (
    <Page
      title="Overview"
      lead="How all tenants together are doing, and what needs somebody's attention."
      commands={[sh`admin fleet`, sh`admin stats --interval day`]}
    >
      <Loaded query={fleet} lines={6}>
        {(data) => (
          <>
            <Attention fleet={data} />
            <Now fleet={data} />
            <Activity />
            <Tops fleet={data} />
            <Text size="xs" c="dimmed">
              Counted <Time at={data.at} />
              {data.version && (
                <>
                  {" "}
                  by Vestibule <span className="code">{data.version}</span>
                </>
              )}
              .
            </Text>
          </>
        )}
      </Loaded>
    </Page>
  );
}
