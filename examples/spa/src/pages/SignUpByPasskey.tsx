import { useClient, useStep } from "@vestibule-auth/client/react";
import { Link, useLocation } from "react-router";
import { Form } from "../parts/Form";
import { Page } from "../parts/Page";
import { type Given, given, SignUpFields } from "./SignUpFields";

/** Makes an account without a password. The address is verified first; then /continue has the passkey made. */
export function SignUpByPasskey() {
  const client = useClient();
  const { search } = useLocation();
  const signUp = useStep((fields: Given) => client.signupByKey(fields));
  return (
    <Page title="Sign up with a passkey" lead="Your fingerprint, face or PIN takes the place of a password.">
      <Form step={signUp} onSubmit={(form) => signUp.run(given(form))} submit="Go on">
        <SignUpFields faults={signUp.faults} />
      </Form>
      <p className="foot">
        <Link to={`/signup${search}`}>Sign up with a password</Link>
      </p>
    </Page>
  );
}
