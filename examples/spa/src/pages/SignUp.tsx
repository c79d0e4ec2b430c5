import { keysWork } from "@vestibule-auth/client";
import { useClient, useConfig, useStep } from "@vestibule-auth/client/react";
import { Link, useLocation } from "react-router";
import { Field, Form } from "../parts/Form";
import { Page } from "../parts/Page";
import { type Given, given, SignUpFields } from "./SignUpFields";

export function SignUp() {
  const client = useClient();
  const config = useConfig();
  const { search } = useLocation();
  const signUp = useStep((fields: Given, password: string) => client.signup({ ...fields, password }));
  if (!config?.account.is_open_for_signup) {
    return <Closed />;
  }
  // A passkey in the place of a password needs an address that was verified by a code.
  const { passkey_login_enabled } = config.mfa;
  const byPasskey = passkey_login_enabled && config.account.email_verification_by_code_enabled && keysWork();
  return (
    <Page title="Sign up" lead="Any address will do here: mail to it lands in the mailbox of this page.">
      <Form step={signUp} onSubmit={(form) => signUp.run(given(form), form("password"))} submit="Sign up">
        <SignUpFields faults={signUp.faults} />
        <Field
          name="password"
          label="Password"
          type="password"
          autoComplete="new-password"
          fault={signUp.faults.password}
        />
      </Form>
      {byPasskey && (
        <section aria-label="Other ways to sign up" className="ways">
          <Link className="button" to={`/signup/passkey${search}`}>
            Sign up with a passkey
          </Link>
        </section>
      )}
      <p className="foot">
        Signed up before? <Link to={`/signin${search}`}>Sign in</Link>
      </p>
    </Page>
  );
}

function Closed() {
  return (
    <Page title="Sign up" lead="New accounts are not made here right now.">
      <p>
        <Link to="/signin">Sign in</Link>
      </p>
    </Page>
  );
}
