import { useParams } from "@tanstack/react-router";
import { Activity } from "../parts/Activity";
import { Bars, Loaded } from "../parts/Loaded";
import { May } from "../parts/May";
import { Page } from "../parts/Page";
import { sh } from "../parts/sh";
import { type Tenant, useTenant } from "../settings/draft";
import { AtAGlance } from "./overview/AtAGlance";
import { NextSteps, useSteps } from "./overview/NextSteps";

export default function TenantOverview() {
  const { slug = "" } = useParams({ strict: false });
  const query = useTenant(slug);
  return (
    <Page
      title={query.data?.name ?? slug}
      lead="Where it is, what it still needs, and what its people do."
      commands={[sh`admin tenant show ${slug}`, sh`admin stats --tenant ${slug} --interval day`]}
    >
      <Loaded query={query} lines={6}>
        {(tenant) => <Overview key={tenant.id} tenant={tenant} />}
      </Loaded>
    </Page>
  );
}

function Overview({ tenant }: { tenant: Tenant }) {
  const { steps, hide } = useSteps(tenant);
  // All at once: steps that came later would push away what is being read.
  if (!steps) {
    return <Bars lines={6} />;
  }
  return (
    <>
      <NextSteps steps={steps} hide={hide} />
      <AtAGlance tenant={tenant} />
      <May permission="stats.read">
        <Activity slug={tenant.slug} />
      </May>
    </>
  );
}
