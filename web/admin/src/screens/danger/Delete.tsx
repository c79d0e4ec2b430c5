import { Button } from "@mantine/core";
import { useState } from "react";
import { admin } from "../../api/client";
import { Confirm } from "../../parts/Confirm";
import { Section } from "../../parts/Section";
import { useRemoval } from "../../parts/useRemoval";
import { may, useMe } from "../../session/me";
import type { Tenant } from "../../settings/draft";
import { forgotten } from "../../shell/favourites";

export function Delete({ tenant }: { tenant: Tenant }) {
  const removal = useRemoval(tenant.slug);
  const { data: me } = useMe();
  const [asking, setAsking] = useState(false);
  const run = async () => {
    await removal(
      () =>
        admin.DELETE("/admin/v1/tenants/{slug}", {
          params: { path: { slug: tenant.slug }, header: { "If-Match": `"${tenant.version}"` } },
        }),
      may(me, "tenants.delete") ? "/deleted-tenants" : "/tenants",
      `${tenant.name} is deleted. It can come back for 30 days.`,
    );
    forgotten(tenant.slug);
  };
  return (
    <Section
      title="Delete"
      lead="Nothing reaches its people, sessions and tokens any more, and its slug and hosts are free for others. For 30 days it can come back from the deleted tenants, without its sessions. Then everything that is held of it is destroyed."
      actions={
        <Button color="red.9" onClick={() => setAsking(true)}>
          Delete tenant
        </Button>
      }
    >
      <Confirm
        opened={asking}
        close={() => setAsking(false)}
        title={`Delete ${tenant.name}`}
        action="Delete"
        danger
        typed={tenant.slug}
        run={run}
      >
        All of its people are signed out for good, and{" "}
        {tenant.hosts.length > 0 ? (
          <>
            <span className="foreign">{tenant.hosts.slice(0, 5).join(", ")}</span>
            {tenant.hosts.length > 5 && ` and ${tenant.hosts.length - 5} more`} lead
            {tenant.hosts.length === 1 ? "s" : ""} nowhere
          </>
        ) : (
          "nothing leads to it"
        )}
        . It can be restored for 30 days, and is purged after that. To keep people out for a while, suspend it instead.
      </Confirm>
    </Section>
  );
}
