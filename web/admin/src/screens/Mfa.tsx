import { Page } from "../parts/Page";

export default function Mfa() {
  return <Page title="Second factors">{null}</Page>;
}
