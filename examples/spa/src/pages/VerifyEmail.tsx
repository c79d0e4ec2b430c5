import { Declined } from "@vestibule-auth/client";
import { useClient, useStep } from "@vestibule-auth/client/react";
import { Link, useNavigate, useParams } from "react-router";
import { ActButton } from "../parts/ActButton";
import { Failure } from "../parts/Failure";
import { Page } from "../parts/Page";
import { useLoaded } from "../parts/useLoaded";
import { useTell } from "../tell";

/**
 * Where the link of a mail leads that verifies an address. The key is looked at, and used when somebody says so: programs that look at mail
 * for its owner open links, too, and must not verify anything.
 */
export function VerifyEmail() {
  const { key = "" } = useParams();
  return <Look key={key} mailKey={key} />; // the link of another mail is another page
}

function Look({ mailKey }: { mailKey: string }) {
  const client = useClient();
  const found = useLoaded(() => client.lookAtEmailKey(mailKey));
  if (found.error !== undefined) {
    return <Useless error={found.error} />;
  }
  return (
    <Page title="Verify your address">
      {found.data ? (
        <Confirm mailKey={mailKey} email={found.data.email} display={found.data.user.display} />
      ) : (
        <p className="loading">One moment…</p>
      )}
    </Page>
  );
}

function Confirm({ mailKey, email, display }: { mailKey: string; email: string; display: string }) {
  const client = useClient();
  const navigate = useNavigate();
  const tell = useTell();
  const verify = useStep(async () => {
    const session = await client.verifyEmail(mailKey);
    tell("Your address is verified.");
    navigate(session.status === "signed-in" ? "/" : "/signin", { replace: true });
  });
  return (
    <>
      <p>
        Is <strong className="foreign">{email}</strong> the address of the account{" "}
        <strong className="foreign">{display}</strong>?
      </p>
      <ActButton step={verify} onClick={verify.run} look="primary">
        Yes, verify it
      </ActButton>
      <p className="hint">If you did not ask for this, close the page: nothing happens.</p>
    </>
  );
}

function Useless({ error }: { error: unknown }) {
  const dead = error instanceof Declined && error.reason === "invalid";
  return (
    <Page title="Verify your address">
      {dead ? <p>This link was used before, or is too old.</p> : <Failure error={error} />}
      <p>
        <Link to="/account/addresses">Ask for another one</Link>
      </p>
    </Page>
  );
}
