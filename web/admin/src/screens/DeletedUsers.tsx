import { Page } from "../parts/Page";

export default function DeletedUsers() {
  return <Page title="Deleted users">{null}</Page>;
}
