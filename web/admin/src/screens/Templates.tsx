import { Page } from "../parts/Page";

export default function Templates() {
  return <Page title="Message templates">{null}</Page>;
}
