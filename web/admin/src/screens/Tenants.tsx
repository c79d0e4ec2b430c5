import { Page } from "../parts/Page";

export default function Tenants() {
  return <Page title="Tenants">{null}</Page>;
}
