import type { Email } from "@vestibule-auth/client";
import { useClient, useStep, useUser } from "@vestibule-auth/client/react";
import { useRef } from "react";
import { ActButton } from "../../parts/ActButton";
import { Field, Form } from "../../parts/Form";
import { Page } from "../../parts/Page";
import { Ready } from "../../parts/Ready";
import { useLoaded } from "../../parts/useLoaded";
import { useTell } from "../../tell";

export function Addresses() {
  const client = useClient();
  const user = useUser();
  const emails = useLoaded(() => client.emails());
  return (
    <Page
      title="Addresses"
      lead="Mail goes to your primary address. Others are for signing in, and for when you lose it."
      wide
    >
      <Ready of={emails}>
        {(list) => (
          <ul className="rows">
            {list.map((email) => (
              <Row key={email.email} email={email} set={emails.set} />
            ))}
          </ul>
        )}
      </Ready>
      <Add set={emails.set} />
      {user?.username && (
        <p className="hint">
          Your username is <strong className="foreign">{user.username}</strong>.
        </p>
      )}
    </Page>
  );
}

interface Changes {
  /** Shows the list as a change left it. */
  set: (emails: Email[]) => void;
}

function Row({ email: { email, verified, primary }, set }: { email: Email } & Changes) {
  const client = useClient();
  const tell = useTell();
  const resend = useStep(async () => {
    await client.resendEmail(email);
    tell(`A mail is on its way to ${email}.`);
  });
  const makePrimary = useStep(async () => set(await client.makeEmailPrimary(email)));
  const remove = useStep(async () => set(await client.removeEmail(email)));
  return (
    <li>
      <div className="what">
        <strong className="foreign">{email}</strong>
        <span className="marks">
          {primary && <span className="mark">Primary</span>}
          {verified ? <span className="mark good">Verified</span> : <span className="mark">Not verified yet</span>}
        </span>
      </div>
      <div className="acts">
        {!verified && (
          <ActButton step={resend} onClick={resend.run} label={`Verify ${email}`}>
            Send the mail again
          </ActButton>
        )}
        {verified && !primary && (
          <ActButton step={makePrimary} onClick={makePrimary.run} label={`Make ${email} primary`}>
            Make primary
          </ActButton>
        )}
        {!primary && (
          <ActButton step={remove} onClick={remove.run} look="danger" label={`Remove ${email}`}>
            Remove
          </ActButton>
        )}
      </div>
    </li>
  );
}

function Add({ set }: Changes) {
  const client = useClient();
  const tell = useTell();
  const form = useRef<HTMLDivElement>(null);
  const add = useStep(async (email: string) => {
    set(await client.addEmail(email));
    form.current?.querySelector("form")?.reset();
    tell(`A mail is on its way to ${email}.`);
  });
  return (
    <section ref={form}>
      <h2>Add an address</h2>
      <Form step={add} onSubmit={(given) => add.run(given("email"))} submit="Add" quiet>
        <Field name="email" label="Email address" type="email" autoComplete="email" fault={add.faults.email} />
      </Form>
    </section>
  );
}
