import { Page } from "../parts/Page";

export default function SignIn() {
  return <Page title="Sign in">{null}</Page>;
}
