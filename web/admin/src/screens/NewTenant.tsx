import { Page } from "../parts/Page";

export default function NewTenant() {
  return <Page title="New tenant">{null}</Page>;
}
