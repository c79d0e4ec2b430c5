import { Page } from "../parts/Page";

export default function Webhooks() {
  return <Page title="Webhooks">{null}</Page>;
}
