import { Page } from "../parts/Page";

export default function Fleet() {
  return <Page title="Overview">{null}</Page>;
}
