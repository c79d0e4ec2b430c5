import { useClient, useStep } from "@vestibule-auth/client/react";
import { useState } from "react";
import { Link } from "react-router";
import { Field, Form } from "../parts/Form";
import { Page } from "../parts/Page";

/** Asks for a mail that lets a new password be chosen: with a link or, if the tenant has it so, with a code, which /continue waits for. */
export function ForgotPassword() {
  const client = useClient();
  const [mailed, setMailed] = useState("");
  const ask = useStep(async (email: string) => {
    const { byCode } = await client.requestPasswordReset(email);
    setMailed(byCode ? "" : email);
  });
  if (mailed) {
    return (
      <Page title="Read your mail">
        <p>
          If there is an account with <strong className="foreign">{mailed}</strong>, a link is on its way that lets you
          choose a new password.
        </p>
        <p className="foot">
          <Link to="/signin">Back to signing in</Link>
        </p>
      </Page>
    );
  }
  return (
    <Page
      title="Forgot your password?"
      lead="Say what your address is, and you get a mail with which you choose a new one."
    >
      <Form step={ask} onSubmit={(given) => ask.run(given("email"))} submit="Send the mail">
        <Field
          name="email"
          label="Email address"
          type="email"
          autoComplete="email"
          fault={ask.faults.email}
          autoFocus
        />
      </Form>
      <p className="foot">
        <Link to="/signin">Back to signing in</Link>
      </p>
    </Page>
  );
}
