import { Page } from "../parts/Page";

export default function Webhook() {
  return <Page title="Webhook">{null}</Page>;
}
