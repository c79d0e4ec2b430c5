import { Page } from "../parts/Page";

export default function Operators() {
  return <Page title="Operators">{null}</Page>;
}
