import { Declined } from "@vestibule-auth/client";
import { useClient, useStep, useUser } from "@vestibule-auth/client/react";
import { Link, useNavigate, useParams } from "react-router";
import { Failure } from "../parts/Failure";
import { Field, Form } from "../parts/Form";
import { Page } from "../parts/Page";
import { useLoaded } from "../parts/useLoaded";
import { useTell } from "../tell";

/** Where the link of a mail leads that lets a new password be chosen. */
export function ResetPassword() {
  const { key = "" } = useParams();
  return <Look key={key} mailKey={key} />; // the link of another mail is another page
}

function Look({ mailKey }: { mailKey: string }) {
  const client = useClient();
  const owner = useLoaded(() => client.lookAtResetKey(mailKey));
  if (owner.error !== undefined) {
    return <Useless error={owner.error} />;
  }
  return (
    <Page title="Choose a new password">
      {owner.data ? <Choose mailKey={mailKey} display={owner.data.display} /> : <p className="loading">One moment…</p>}
    </Page>
  );
}

function Choose({ mailKey, display }: { mailKey: string; display: string }) {
  const client = useClient();
  const navigate = useNavigate();
  const tell = useTell();
  const reset = useStep(async (password: string) => {
    const session = await client.resetPassword(mailKey, password);
    tell("Your password is changed.");
    navigate(session.status === "signed-in" ? "/" : "/signin", { replace: true });
  });
  return (
    <>
      <p>
        For the account <strong className="foreign">{display}</strong>. It is signed out everywhere.
      </p>
      <Form step={reset} onSubmit={(given) => reset.run(given("password"))} submit="Change the password" also={["key"]}>
        <Field
          name="password"
          label="New password"
          type="password"
          autoComplete="new-password"
          fault={reset.faults.password ?? reset.faults.key}
          autoFocus
        />
      </Form>
    </>
  );
}

function Useless({ error }: { error: unknown }) {
  const dead = error instanceof Declined && error.reason === "invalid";
  if (useUser()) {
    return (
      <Page title="Choose a new password">
        <p>You are signed in. Sign out to use this link, or change your password there:</p>
        <p>
          <Link to="/account/password">Your password</Link>
        </p>
      </Page>
    );
  }
  return (
    <Page title="Choose a new password">
      {dead ? <p>This link was used before, or is too old.</p> : <Failure error={error} />}
      <p>
        <Link to="/forgot-password">Ask for another one</Link>
      </p>
    </Page>
  );
}
