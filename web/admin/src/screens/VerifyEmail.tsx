import { Page } from "../parts/Page";

export default function VerifyEmail() {
  return <Page title="Verify your address">{null}</Page>;
}
