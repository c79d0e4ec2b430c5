import { Page } from "../parts/Page";

export default function SecondFactor() {
  return <Page title="Second factor">{null}</Page>;
}
