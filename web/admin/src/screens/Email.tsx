import { Page } from "../parts/Page";

export default function Email() {
  return <Page title="Email and SMS">{null}</Page>;
}
