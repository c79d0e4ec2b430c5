import { Page } from "../parts/Page";

export default function FirstOwner() {
  return <Page title="The first owner">{null}</Page>;
}
