import type { Method, SignedIn } from "@vestibule-auth/client";
import { ForSignedIn, useClient, useConfig } from "@vestibule-auth/client/react";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { Page } from "../parts/Page";
import { Ready } from "../parts/Ready";
import { useLoaded } from "../parts/useLoaded";

export function Home() {
  return <ForSignedIn otherwise={<Welcome />}>{(session) => <WelcomeBack {...session} />}</ForSignedIn>;
}

function Welcome() {
  const config = useConfig();
  return (
    <Page
      title="An account in a minute"
      lead="This is a front end of the tenant “demo”: sign up, read your mail, and sign in with a passkey. Nothing leaves this machine."
    >
      <p className="buttons">
        {config?.account.is_open_for_signup && (
          <Link className="button primary" to="/signup">
            Sign up
          </Link>
        )}
        <Link className="button" to="/signin">
          Sign in
        </Link>
      </p>
      <ol className="plan">
        <li>
          <strong>Sign up</strong> with any address, such as ann@example.org. Nobody else will see it.
        </li>
        <li>
          <strong>Read your mail</strong> in the mailbox of this page, and open the link in it.
        </li>
        <li>
          <strong>Add a passkey,</strong> sign out, and sign in without a password.
        </li>
      </ol>
      <p className="hint">
        The app is an example to learn from: its source is the folder <code>examples/spa</code>.
      </p>
    </Page>
  );
}

function WelcomeBack({ user, methods }: SignedIn) {
  return (
    <Page title={`Hello, ${user.display}`} lead="You are signed in. Here is what to try next.">
      <ToTry methods={methods} />
      <p>
        <Link to="/account">All about your account</Link>
      </p>
    </Page>
  );
}

function ToTry({ methods }: { methods: Method[] }) {
  const client = useClient();
  const config = useConfig();
  const account = useLoaded(async () => {
    const [emails, factors, sessions] = await Promise.all([
      client.emails(),
      client.authenticators(),
      client.sessions(),
    ]);
    return { emails, factors, sessions };
  });
  const offered = (type: string) => config?.mfa.supported_types.includes(type);
  return (
    <Ready of={account}>
      {({ emails, factors, sessions }) => {
        const passkey = factors.some((f) => f.type === "webauthn" && f.is_passwordless !== false);
        return (
          <ul className="checklist">
            <Item done={emails.some((e) => e.verified)} to="/account/addresses" title="Verify your address">
              A mail with a link waits in the mailbox.
            </Item>
            {offered("webauthn") && (
              <Item done={passkey} to="/account/passkeys" title="Add a passkey">
                Then your fingerprint, face or PIN signs you in.
              </Item>
            )}
            {passkey && config?.mfa.passkey_login_enabled && (
              <Item done={methods.some((m) => m.passwordless)} title="Sign in with it">
                Sign out, at the top of the page, and choose “Sign in with a passkey”.
              </Item>
            )}
            {offered("totp") && (
              <Item
                done={factors.some((f) => f.type === "totp")}
                to="/account/app"
                title="Turn on an authenticator app"
              >
                From then on, a password alone does not sign in.
              </Item>
            )}
            <Item done={sessions.length > 1} to="/account/sessions" title="Sign in on another device">
              A private window is one. Then end its session from here.
            </Item>
          </ul>
        );
      }}
    </Ready>
  );
}

function Item({ done, to, title, children }: { done: boolean; to?: string; title: string; children: ReactNode }) {
  return (
    <li className={done ? "done" : ""}>
      {to ? <Link to={to}>{title}</Link> : <strong>{title}</strong>}
      {done ? <p>Done.</p> : <p>{children}</p>}
    </li>
  );
}
