import { Page } from "../parts/Page";

export default function Doctor() {
  return <Page title="Connection doctor">{null}</Page>;
}
