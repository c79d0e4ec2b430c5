import { Page } from "../parts/Page";

export default function DeletedTenants() {
  return <Page title="Deleted tenants">{null}</Page>;
}
