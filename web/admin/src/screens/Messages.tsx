import { Page } from "../parts/Page";

export default function Messages() {
  return <Page title="Delivery log">{null}</Page>;
}
