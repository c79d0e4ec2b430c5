import { Button, Group, Stack, Text, VisuallyHidden } from "@mantine/core";
import { useState } from "react";
import { api, type Schema } from "../api/client";
import { Confirm } from "../parts/Confirm";
import { Empty } from "../parts/Empty";
import { Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { byCursor, rowsOf } from "../parts/pages";
import { Rows } from "../parts/Rows";
import { sh } from "../parts/sh";
import { Time } from "../parts/Time";
import { done } from "../parts/tell";
import { useMay } from "../session/me";
import { Restore } from "./deleted-tenants/Restore";

type Deleted = Schema<"DeletedTenant">;

export default function DeletedTenants() {
  const may = useMay();
  const [restoring, setRestoring] = useState<Deleted>();
  const [purging, setPurging] = useState<Deleted>();
  const list = api.useInfiniteQuery("get", "/admin/v1/deleted-tenants", { params: { query: { limit: 50 } } }, byCursor);
  const purge = api.useMutation("delete", "/admin/v1/deleted-tenants/{id}");
  return (
    <Page
      title="Deleted tenants"
      above={[{ label: "Tenants", to: "/tenants" }]}
      lead="A deleted tenant reaches nobody, and can come back for 30 days. Then it is purged: its key is destroyed, and everything that is held of it goes."
      commands={[sh`admin tenant deleted`, sh`admin tenant restore SLUG`, sh`admin tenant purge SLUG --yes`]}
    >
      <Loaded query={list} lines={4}>
        {(data) => {
          const rows = rowsOf(data);
          return rows.length === 0 ? (
            <Empty title="No tenant was deleted">
              Tenants that are deleted wait here for 30 days. To delete one, go to its danger zone.
            </Empty>
          ) : (
            <Rows
              label="Deleted tenants"
              rows={rows}
              id={(t) => t.id}
              more={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
              busy={list.isFetchingNextPage}
              columns={[
                {
                  label: "Tenant",
                  cell: (t) => (
                    <Stack gap={0}>
                      <Text fw={600} className="foreign">
                        {t.name}
                      </Text>
                      <Text size="xs" c="dimmed" className="code">
                        {t.slug}
                      </Text>
                    </Stack>
                  ),
                },
                {
                  label: "Hosts it had",
                  cell: (t) => (
                    <Text size="sm" className="foreign">
                      {t.hosts.slice(0, 3).join(", ") || "none"}
                      {t.hosts.length > 3 && ` and ${t.hosts.length - 3} more`}
                    </Text>
                  ),
                },
                { label: "Deleted", cell: (t) => <Time at={t.deleted_at} /> },
                { label: "Purged", cell: (t) => <Time at={t.purge_at} /> },
                {
                  label: "Actions",
                  quiet: true,
                  cell: (t) => (
                    <Group gap="xs" justify="end" wrap="nowrap">
                      {may("tenants.delete") && (
                        <Button size="xs" variant="default" onClick={() => setRestoring(t)}>
                          Restore<VisuallyHidden component="span"> {t.name}</VisuallyHidden>
                        </Button>
                      )}
                      {may("tenants.purge") && (
                        <Button size="xs" color="red.9" variant="filled" onClick={() => setPurging(t)}>
                          Purge<VisuallyHidden component="span"> {t.name}</VisuallyHidden>
                        </Button>
                      )}
                    </Group>
                  ),
                },
              ]}
            />
          );
        }}
      </Loaded>
      {restoring && <Restore key={restoring.id} tenant={restoring} close={() => setRestoring(undefined)} />}
      <Confirm
        opened={purging !== undefined}
        close={() => setPurging(undefined)}
        title={`Purge ${purging?.name ?? ""} for good`}
        action="Purge now"
        danger
        typed={purging?.slug ?? ""}
        run={async () => {
          if (purging) {
            await purge.mutateAsync({ params: { path: { id: purging.id } } });
            done(`${purging.name} is purged.`);
          }
        }}
      >
        Its key is destroyed at once, and with it everything that was sealed or signed for it: people, passwords,
        settings, its audit log. Nobody can bring it back, and no support can. That it was purged, when and by whom
        stays in the operators' own audit log.
      </Confirm>
    </Page>
  );
}
