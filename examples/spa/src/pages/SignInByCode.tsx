import { useClient, useConfig, useStep } from "@vestibule-auth/client/react";
import { Link, useLocation } from "react-router";
import { Field, Form } from "../parts/Form";
import { Page } from "../parts/Page";
import { loginLabel, loginOf } from "./login";

/** Asks for a code that signs in. Then the session waits for it, which is the page /continue. */
export function SignInByCode() {
  const client = useClient();
  const config = useConfig();
  const { search } = useLocation();
  const methods = (config?.account.login_methods ?? []).filter((m) => m === "phone");
  const send = useStep((to: string) => client.requestLoginCode(loginOf(to, ["email", ...methods])));
  return (
    <Page title="Sign in by code" lead="You get a code that signs you in once, without a password.">
      <Form step={send} onSubmit={(given) => send.run(given("to"))} submit="Send me a code" also={["email", "phone"]}>
        <Field
          name="to"
          label={loginLabel(["email", ...methods])}
          autoComplete="email"
          fault={send.faults.email ?? send.faults.phone}
          autoFocus
        />
      </Form>
      <p className="foot">
        <Link to={`/signin${search}`}>Sign in another way</Link>
      </p>
    </Page>
  );
}
