import { Page } from "../parts/Page";

export default function Urls() {
  return <Page title="URLs, hosts and CORS">{null}</Page>;
}
