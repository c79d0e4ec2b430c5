import { Page } from "../parts/Page";

export default function Template() {
  return <Page title="Message template">{null}</Page>;
}
