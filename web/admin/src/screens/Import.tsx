import { Page } from "../parts/Page";

export default function Import() {
  return <Page title="Import">{null}</Page>;
}
