import { Page } from "../parts/Page";

export default function Providers() {
  return <Page title="Providers">{null}</Page>;
}
