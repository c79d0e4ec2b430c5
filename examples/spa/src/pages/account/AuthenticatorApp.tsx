import type { Authenticator, TOTPSetup } from "@vestibule-auth/client";
import { useClient, useStep } from "@vestibule-auth/client/react";
import { useNavigate } from "react-router";
import { ActButton } from "../../parts/ActButton";
import { CopyButton } from "../../parts/CopyButton";
import { Field, Form } from "../../parts/Form";
import { Page } from "../../parts/Page";
import { QrCode } from "../../parts/QrCode";
import { Ready } from "../../parts/Ready";
import { timeOf } from "../../parts/time";
import { useLoaded } from "../../parts/useLoaded";
import { useTell } from "../../tell";

/** An app that shows a code for every half minute (TOTP, RFC 6238): set up by its secret, and asked for after the password from then on. */
export function AuthenticatorApp() {
  const client = useClient();
  const totp = useLoaded(() => client.totp());
  return (
    <Page
      title="Authenticator app"
      lead="An app on your telephone shows a code, which is asked for after your password."
      wide
    >
      <Ready of={totp}>
        {(state) => ("app" in state ? <On app={state.app} reload={totp.reload} /> : <SetUp setup={state.setup} />)}
      </Ready>
    </Page>
  );
}

function On({ app, reload }: { app: Authenticator; reload: () => void }) {
  const client = useClient();
  const tell = useTell();
  const turnOff = useStep(async () => {
    await client.deactivateTOTP();
    tell("The app is no longer asked for.");
    reload();
  });
  return (
    <ul className="rows">
      <li>
        <div className="what">
          <strong>The app is on</strong>
          <span className="hint">
            Since {timeOf(app.created_at)}
            {app.last_used_at !== null && `, last used ${timeOf(app.last_used_at)}`}
          </span>
        </div>
        <div className="acts">
          <ActButton step={turnOff} onClick={turnOff.run} look="danger">
            Turn it off
          </ActButton>
        </div>
      </li>
    </ul>
  );
}

function SetUp({ setup }: { setup: TOTPSetup }) {
  const client = useClient();
  const tell = useTell();
  const navigate = useNavigate();
  const activate = useStep(async (code: string) => {
    await client.activateTOTP(code);
    tell("The app is on. Keep your recovery codes now.");
    navigate("/account/recovery-codes");
  });
  return (
    <>
      <section className="setup">
        <QrCode text={setup.url} label="QR code for an authenticator app" />
        <div>
          <h2>Scan the code</h2>
          <p>Open an authenticator app, and have it scan the picture. Without a camera, type the secret in:</p>
          <p>
            <code className="secret">{setup.secret}</code>
          </p>
          <CopyButton text={setup.secret}>Copy the secret</CopyButton>
        </div>
      </section>
      <section>
        <h2>Type what it shows</h2>
        <Form step={activate} onSubmit={(given) => activate.run(given("code"))} submit="Turn it on">
          <Field
            name="code"
            label="Code of the app"
            autoComplete="one-time-code"
            inputMode="numeric"
            fault={activate.faults.code}
          />
        </Form>
      </section>
    </>
  );
}
