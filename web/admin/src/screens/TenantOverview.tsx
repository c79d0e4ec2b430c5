import { Page } from "../parts/Page";

export default function TenantOverview() {
  return <Page title="Overview">{null}</Page>;
}
