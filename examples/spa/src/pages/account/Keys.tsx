import { type Authenticator, keysWork } from "@vestibule-auth/client";
import { useClient, useConfig, useStep } from "@vestibule-auth/client/react";
import { useState } from "react";
import { Link } from "react-router";
import { ActButton } from "../../parts/ActButton";
import { Field, Form } from "../../parts/Form";
import { Page } from "../../parts/Page";
import { Ready } from "../../parts/Ready";
import { timeOf } from "../../parts/time";
import { useLoaded } from "../../parts/useLoaded";
import { useTell } from "../../tell";

/** Passkeys, which sign in by themselves, and keys, which are shown after a password. */
export function Keys() {
  const client = useClient();
  const keys = useLoaded(async () => (await client.authenticators()).filter((a) => a.type === "webauthn"));
  return (
    <Page
      title="Passkeys and keys"
      lead="A passkey signs you in with your fingerprint, face or PIN, and cannot be phished."
      wide
    >
      <Ready of={keys}>
        {(list) => (
          <ul className="rows">
            {list.map((key) => (
              <Row key={key.id} made={key} reload={keys.reload} />
            ))}
            {list.length === 0 && <li>You have none yet.</li>}
          </ul>
        )}
      </Ready>
      {keysWork() ? <Add reload={keys.reload} /> : <p>This browser knows no keys.</p>}
    </Page>
  );
}

function Row({ made, reload }: { made: Authenticator; reload: () => void }) {
  const { id = 0, name = "", created_at, last_used_at, is_passwordless } = made;
  const [renaming, setRenaming] = useState(false);
  const client = useClient();
  const rename = useStep(async (to: string) => {
    await client.renameKey(id, to);
    setRenaming(false);
    reload();
  });
  const remove = useStep(async () => {
    await client.removeKeys(id);
    reload();
  });
  return (
    <li>
      <div className="what">
        <strong className="foreign">{name}</strong>
        <span className="marks">
          <span className="mark">{is_passwordless === false ? "Second factor" : "Passkey"}</span>
        </span>
        <span className="hint">
          Added {timeOf(created_at)}
          {last_used_at !== null && `, last used ${timeOf(last_used_at)}`}
        </span>
      </div>
      {renaming ? (
        <Form step={rename} onSubmit={(given) => rename.run(given("name"))} submit="Rename" quiet>
          <Field name="name" label="Name" autoComplete="off" defaultValue={name} fault={rename.faults.name} autoFocus />
        </Form>
      ) : (
        <div className="acts">
          <button type="button" onClick={() => setRenaming(true)} aria-label={`Rename ${name}`}>
            Rename
          </button>
          <ActButton step={remove} onClick={remove.run} look="danger" label={`Remove ${name}`}>
            Remove
          </ActButton>
        </div>
      )}
    </li>
  );
}

function Add({ reload }: { reload: () => void }) {
  const client = useClient();
  const tell = useTell();
  const passkeys = useConfig()?.mfa.passkey_login_enabled;
  const [codes, setCodes] = useState(false);
  const [round, setRound] = useState(0);
  const add = useStep(async (name: string, passwordless: boolean) => {
    const { recoveryCodes } = await client.createKey({ name, passwordless });
    tell(passwordless ? "Your passkey is there. Sign out, and try it." : "Your key is there.");
    setCodes(recoveryCodes);
    setRound((n) => n + 1); // which empties the form
    reload();
  });
  return (
    <section>
      <h2>Add one</h2>
      {codes && (
        <p className="note" role="status">
          Recovery codes were made as well, for the day on which you lose the key.{" "}
          <Link to="/account/recovery-codes">Keep them</Link>
        </p>
      )}
      <Form
        key={round}
        step={add}
        onSubmit={(given) => add.run(given("name"), given("kind") === "passkey")}
        submit="Add"
      >
        <Field
          name="name"
          label="Name"
          autoComplete="off"
          fault={add.faults.name}
          hint="Such as “My laptop”. Without one it gets a number."
        />
        {passkeys && (
          <fieldset>
            <legend>What it is for</legend>
            <label>
              <input type="radio" name="kind" value="passkey" defaultChecked /> A passkey: it signs in by itself
            </label>
            <label>
              <input type="radio" name="kind" value="key" /> A second factor: it is asked for after the password
            </label>
          </fieldset>
        )}
      </Form>
    </section>
  );
}
