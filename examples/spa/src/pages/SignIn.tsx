import { autofillWorks, Declined, keysWork } from "@vestibule-auth/client";
import { useClient, useConfig, useStep } from "@vestibule-auth/client/react";
import { useEffect, useRef, useState } from "react";
import { Link, useLocation } from "react-router";
import { ActButton } from "../parts/ActButton";
import { Field, Form } from "../parts/Form";
import { Page } from "../parts/Page";
import { loginLabel, loginOf } from "./login";
import { ProviderButtons } from "./ProviderButtons";

export function SignIn() {
  const client = useClient();
  const config = useConfig();
  const { search } = useLocation();
  const methods = config?.account.login_methods ?? [];
  const signIn = useStep((login: string, password: string) => client.login({ ...loginOf(login, methods), password }));
  const { email, username, phone } = signIn.faults;
  return (
    <Page title="Sign in">
      <Form
        step={signIn}
        onSubmit={(given) => signIn.run(given("login"), given("password"))}
        submit="Sign in"
        also={["email", "username", "phone"]}
      >
        <Field
          name="login"
          label={loginLabel(methods)}
          autoComplete="username webauthn"
          fault={email ?? username ?? phone}
          autoFocus
        />
        <Field
          name="password"
          label="Password"
          type="password"
          autoComplete="current-password"
          fault={signIn.faults.password}
        />
      </Form>
      <p>
        <Link to="/forgot-password">Forgot your password?</Link>
      </p>
      <OtherWays />
      {config?.account.is_open_for_signup && (
        <p className="foot">
          New here? <Link to={`/signup${search}`}>Sign up</Link>
        </p>
      )}
    </Page>
  );
}

/** What else signs in here. */
function OtherWays() {
  const config = useConfig();
  const { search } = useLocation();
  const passkey = config?.mfa.passkey_login_enabled && keysWork();
  const code = config?.account.login_by_code_enabled;
  const providers = (config?.socialaccount.providers ?? []).length > 0;
  if (!passkey && !code && !providers) {
    return null;
  }
  return (
    <section aria-label="Other ways to sign in" className="ways">
      {passkey && <PasskeyButton />}
      {code && (
        <Link className="button" to={`/signin/code${search}`}>
          Send me a code
        </Link>
      )}
      <ProviderButtons process="login" back={`/provider-return${search}`} />
    </section>
  );
}

/** Signs in with a passkey: by the button, or by picking one in the list that the browser shows under the first field. */
function PasskeyButton() {
  const client = useClient();
  const waiting = useRef<AbortController>(undefined);
  const [round, setRound] = useState(0);
  const [refused, setRefused] = useState<Declined>();

  // biome-ignore lint/correctness/useExhaustiveDependencies: after each try the field waits anew
  useEffect(() => {
    const over = new AbortController();
    waiting.current = over;
    const offer = async () => {
      if ((await autofillWorks()) && !over.signal.aborted) {
        await client.loginWithPasskey({ autofill: true, signal: over.signal });
      }
    };
    // Nobody has asked for it, so nobody is told that nothing was picked. What was picked and is of no use is told.
    offer().catch((error) => setRefused(error instanceof Declined && error.reason === "invalid" ? error : undefined));
    return () => over.abort();
  }, [client, round]);

  const signIn = useStep(async () => {
    waiting.current?.abort(); // a browser asks for one key at a time
    setRefused(undefined);
    try {
      return await client.loginWithPasskey();
    } finally {
      setRound((n) => n + 1);
    }
  });
  return (
    <ActButton step={{ busy: signIn.busy, error: signIn.error ?? refused }} onClick={signIn.run}>
      Sign in with a passkey
    </ActButton>
  );
}
