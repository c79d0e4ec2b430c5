import { Page } from "../parts/Page";

export default function PasswordReset() {
  return <Page title="Reset your password">{null}</Page>;
}
