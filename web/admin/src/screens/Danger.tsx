import { Page } from "../parts/Page";

export default function Danger() {
  return <Page title="Danger zone">{null}</Page>;
}
