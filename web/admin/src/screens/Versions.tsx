import { Alert, Anchor, Badge, Button, Group, Modal, NativeSelect, Stack, Text, VisuallyHidden } from "@mantine/core";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { api, type Schema } from "../api/client";
import { Changes } from "../parts/Changes";
import { Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { byCursor, rowsOf } from "../parts/pages";
import { type Column, Rows } from "../parts/Rows";
import { Section } from "../parts/Section";
import { sh } from "../parts/sh";
import { Time } from "../parts/Time";
import { spoken } from "../parts/words";
import { useMay } from "../session/me";
import { useTenant } from "../settings/draft";
import { before } from "./versions/older";
import { RollBack } from "./versions/RollBack";

type Version = Schema<"Version">;

/** A version number of the address; undefined where it is none. */
const versionOf = (given: string | undefined) => (given && /^[1-9]\d{0,17}$/.test(given) ? Number(given) : undefined);

/** What a tenant was after each change: who, when and why; what differs, and the way back. */
export default function Versions() {
  const { slug = "" } = useParams({ strict: false });
  const search = useSearch({ strict: false }) as { from?: string; to?: string };
  const navigate = useNavigate();
  const change = useMay()("tenants.change");
  const [back, setBack] = useState<number>();
  const [shown, setShown] = useState<number>();
  const tenant = useTenant(slug);
  const query = api.useInfiniteQuery(
    "get",
    "/admin/v1/tenants/{slug}/versions",
    { params: { path: { slug }, query: { limit: 50 } } },
    byCursor,
  );
  const rows = rowsOf(query.data);
  const now = tenant.data?.version;
  const [from, to] = [versionOf(search.from), versionOf(search.to)];
  const compare = (a: number | undefined, b: number | undefined) =>
    void navigate({
      to: ".",
      search: { ...(a ? { from: String(a) } : {}), ...(b ? { to: String(b) } : {}) } as never,
      replace: true,
    });
  const first = rows.at(-1)?.version;
  /** Shows what a version changed. The one before the last that is listed is on the next page. */
  const changed = async (version: number) => {
    const older = before(rows, version) ?? before(rowsOf((await query.fetchNextPage()).data), version);
    if (older) {
      compare(older, version);
    }
  };
  const columns: Column<Version>[] = [
    {
      label: "Version",
      cell: (v) => (
        <Group gap={6} wrap="nowrap">
          <Anchor component="button" type="button" size="sm" fw={600} onClick={() => setShown(v.version)}>
            <VisuallyHidden component="span">Show version </VisuallyHidden>
            {v.version}
          </Anchor>
          {v.version === now && (
            <Badge color="green" miw="max-content">
              now
            </Badge>
          )}
        </Group>
      ),
    },
    { label: "When", cell: (v) => <Time at={v.at} /> },
    { label: "Who", cell: (v) => <span className="foreign">{v.actor.name || v.actor.kind || "the server"}</span> },
    { label: "What", cell: (v) => (v.action ? spoken(v.action) : "As it was made") },
    { label: "Why", cell: (v) => <span className="foreign">{v.note}</span> },
    {
      label: "Actions",
      quiet: true,
      cell: (v) => (
        <Group gap="xs" justify="end" wrap="nowrap">
          {(v.version !== first || query.hasNextPage) && (
            <Button size="xs" variant="default" onClick={() => void changed(v.version)}>
              What changed<VisuallyHidden component="span"> with version {v.version}</VisuallyHidden>
            </Button>
          )}
          {change && v.version !== now && v.state !== "deleted" && (
            <Button size="xs" variant="default" onClick={() => setBack(v.version)}>
              Roll back<VisuallyHidden component="span"> to version {v.version}</VisuallyHidden>
            </Button>
          )}
        </Group>
      ),
    },
  ];
  return (
    <Page
      title="Versions"
      tab={`Versions · ${slug}`}
      lead={
        <>
          Every change of the tenant is kept with who made it and why, and can be taken back. Who did what else is in
          the{" "}
          <Anchor component={Link} to={`/tenants/${slug}/audit`} inherit underline="always">
            audit log
          </Anchor>
          .
        </>
      }
      commands={[
        sh`admin tenant versions ${slug}`,
        sh`admin tenant diff ${slug} ${from ?? rows[1]?.version ?? "VERSION"} ${to}`,
        sh`admin tenant rollback ${slug} ${from ?? rows[1]?.version ?? "VERSION"} ${now ? sh`--if-version ${now}` : undefined}`,
      ]}
    >
      <Section title="Compare" lead="Two versions, or one with what the tenant is now.">
        <Group align="end">
          <NativeSelect
            label="From"
            value={from ?? ""}
            onChange={(e) => compare(versionOf(e.currentTarget.value), to)}
            data={[{ value: "", label: "Choose a version" }, ...choices(rows, from)]}
          />
          <NativeSelect
            label="To"
            value={to ?? ""}
            onChange={(e) => compare(from, versionOf(e.currentTarget.value))}
            data={[{ value: "", label: "What it is now" }, ...choices(rows, to)]}
          />
          {from && (
            <Button variant="default" onClick={() => compare(undefined, undefined)}>
              Close
            </Button>
          )}
        </Group>
        {from !== undefined && <Diff slug={slug} from={from} to={to} />}
      </Section>
      <Loaded query={query} lines={8}>
        {() => (
          <Rows
            label="Versions"
            columns={columns}
            rows={rows}
            id={(v) => String(v.version)}
            more={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
            busy={query.isFetchingNextPage}
          />
        )}
      </Loaded>
      {back !== undefined && tenant.data && (
        <RollBack slug={slug} tenant={tenant.data} version={back} close={() => setBack(undefined)} />
      )}
      <Modal
        opened={shown !== undefined}
        onClose={() => setShown(undefined)}
        title={`The tenant as of version ${shown}`}
        size="xl"
      >
        {shown !== undefined && <Shown slug={slug} version={shown} />}
      </Modal>
    </Page>
  );
}

/** The versions that are listed, and the one that is chosen although it is further down. */
function choices(rows: Version[], chosen: number | undefined): string[] {
  const all = rows.map((v) => v.version);
  return (chosen !== undefined && !all.includes(chosen) ? [...all, chosen] : all).map(String);
}

function Diff({ slug, from, to }: { slug: string; from: number; to: number | undefined }) {
  const query = api.useQuery("get", "/admin/v1/tenants/{slug}/diff", {
    params: { path: { slug }, query: { from, ...(to ? { to } : {}) } },
  });
  return (
    <Loaded query={query} lines={2}>
      {(data) => <Changes changes={data.changes} />}
    </Loaded>
  );
}

function Shown({ slug, version }: { slug: string; version: number }) {
  const query = api.useQuery("get", "/admin/v1/tenants/{slug}/versions/{version}", {
    params: { path: { slug, version } },
  });
  return (
    <Loaded query={query} lines={8}>
      {(v) => (
        <Stack gap="xs">
          <Text size="sm">
            <b>Name:</b> <span className="foreign">{v.name}</span>
          </Text>
          <Text size="sm">
            <b>Hosts:</b> <span className="foreign">{v.hosts.join(", ") || "none"}</span>
          </Text>
          <Text size="sm">
            <b>State:</b> {v.state}
          </Text>
          {v.note && (
            <Text size="sm">
              <b>Why:</b> <span className="foreign">{v.note}</span>
            </Text>
          )}
          <Text size="sm" fw={700}>
            Configuration
          </Text>
          <pre className="code foreign" style={{ whiteSpace: "pre-wrap", margin: 0 }}>
            {JSON.stringify(v.config ?? {}, null, 2)}
          </pre>
          <Alert color="blue" variant="outline">
            Secrets are kept with the version, sealed, and are not shown.
          </Alert>
        </Stack>
      )}
    </Loaded>
  );
}
