import { Page } from "../parts/Page";

export default function Config() {
  return <Page title="Configuration">{null}</Page>;
}
