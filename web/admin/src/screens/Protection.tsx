import { Page } from "../parts/Page";

export default function Protection() {
  return <Page title="Attack protection">{null}</Page>;
}
