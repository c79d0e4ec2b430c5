import { Page } from "../parts/Page";

export default function SignInMethods() {
  return <Page title="Sign-in methods">{null}</Page>;
}
