import { useParams } from "@tanstack/react-router";
import { Activity } from "../parts/Activity";
import { Loaded } from "../parts/Loaded";
import { May } from "../parts/May";
import { Page } from "../parts/Page";
import { useTenant } from "../settings/draft";
import { Facts } from "./overview/Facts";
import { NextSteps } from "./overview/NextSteps";

export default function TenantOverview() {
  const { slug = "" } = useParams({ strict: false });
  const query = useTenant(slug);
  return (
    <Page
      title={query.data?.name ?? slug}
      lead="Where it is, what it still needs, and what its people do."
      commands={[`admin tenant show ${slug}`, `admin stats --tenant ${slug} --interval day`]}
    >
      <Loaded query={query} lines={6}>
        {(tenant) => (
          <>
            <NextSteps tenant={tenant} />
            <Facts tenant={tenant} />
            <May permission="stats.read">
              <Activity key={tenant.id} slug={tenant.slug} />
            </May>
          </>
        )}
      </Loaded>
    </Page>
  );
}
