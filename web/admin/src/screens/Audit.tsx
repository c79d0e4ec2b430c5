import { Button, Group, Switch } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { keepPreviousData } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api } from "../api/client";
import { useAddress, withQuery } from "../parts/address";
import { asLog } from "../parts/asLog";
import { Empty } from "../parts/Empty";
import { Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { rowsOf } from "../parts/pages";
import { sh } from "../parts/sh";
import { Events } from "./audit/Events";
import { Filters, filters } from "./audit/Filters";
import { Verify } from "./audit/Verify";

/** How often the list is read again while it is watched. */
const watchEvery = 3000;

export default function Audit() {
  const { slug } = useParams({ strict: false });
  const [search, set] = useAddress();
  const [live, setLive] = useState(false);
  const filter = Object.fromEntries(filters.flatMap((name) => (search[name] ? [[name, search[name]]] : [])));
  const options = {
    ...asLog,
    placeholderData: keepPreviousData,
    refetchInterval: live ? watchEvery : (false as const),
  };
  const query = { ...filter, limit: 50 };
  const ofTenant = api.useInfiniteQuery(
    "get",
    "/admin/v1/tenants/{slug}/audit",
    { params: { path: { slug: slug ?? "" }, query } },
    { ...options, enabled: slug !== undefined },
  );
  const ofAll = api.useInfiniteQuery(
    "get",
    "/admin/v1/audit",
    { params: { query } },
    { ...options, enabled: slug === undefined },
  );
  const log = slug === undefined ? ofAll : ofTenant;
  const narrowed = Object.keys(filter).length > 0;
  const flags = [
    slug ? sh`--tenant ${slug}` : undefined,
    ...Object.entries(filter).map(([name, value]) => sh`--${name} ${value as string}`),
  ];
  const path = slug === undefined ? "/admin/v1/audit/export" : `/admin/v1/tenants/${slug}/audit/export`;
  return (
    <Page
      title="Audit log"
      tab={slug ? `Audit log of ${slug}` : "Audit log"}
      lead={
        slug
          ? "What people and operators did here: what, by whom, about whom, when, and what was changed. No password, code or token is ever in it."
          : "What happened at all tenants that you may see, and what operators did with the platform."
      }
      actions={
        <>
          {slug && <Verify slug={slug} />}
          <Button
            component="a"
            href={withQuery(path, filter)}
            download={`${slug ?? "platform"}-audit.ndjson`}
            variant="default"
            leftSection={<IconDownload size={16} />}
          >
            Export
          </Button>
        </>
      }
      commands={[
        sh`admin audit list ${flags}`,
        sh`admin audit export ${flags}`,
        ...(slug ? [sh`admin audit verify --tenant ${slug}`] : []),
      ]}
    >
      <Filters search={search} set={set} />
      <Group justify="end">
        <Switch
          label="Show new events as they come"
          checked={live}
          onChange={(e) => setLive(e.currentTarget.checked)}
        />
      </Group>
      <Loaded query={log} lines={10}>
        {(data) => {
          const events = rowsOf(data);
          const more = log.hasNextPage ? () => void log.fetchNextPage() : undefined;
          return events.length === 0 && !more ? (
            <Empty title={narrowed ? "No event fits" : "Nothing has happened yet"}>
              {narrowed
                ? "Remove some filters. Events are kept for as long as the tenant's settings say, a year unless they say otherwise."
                : "As soon as somebody signs up, signs in or changes something, it is written down here."}
            </Empty>
          ) : (
            <Events
              label="Events"
              events={events}
              slug={slug}
              narrow={(to) => set(to, false)}
              more={more}
              busy={log.isFetchingNextPage}
            />
          );
        }}
      </Loaded>
    </Page>
  );
}
