import { Page } from "../parts/Page";

export default function PasswordResetKey() {
  return <Page title="Choose a password">{null}</Page>;
}
