import { Page } from "../parts/Page";

export default function Versions() {
  return <Page title="Versions">{null}</Page>;
}
