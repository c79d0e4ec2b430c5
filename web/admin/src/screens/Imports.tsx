import { Page } from "../parts/Page";

export default function Imports() {
  return <Page title="Imports">{null}</Page>;
}
