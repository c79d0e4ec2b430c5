import { Page } from "../parts/Page";

export default function User() {
  return <Page title="User">{null}</Page>;
}
