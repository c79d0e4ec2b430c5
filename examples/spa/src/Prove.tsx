import { type Asked, useStep } from "@vestibule-auth/client/react";
import { useEffect, useRef } from "react";
import { ActButton } from "./parts/ActButton";
import { Field, Form } from "./parts/Form";

/** Asks whoever is signed in to prove that it is them, before something is done that a thief of an open laptop must not do. */
export function Prove({ prove, cancel }: Asked) {
  const { byPassword, byCode, byKey } = prove;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} onCancel={cancel} aria-labelledby="prove">
      <h2 id="prove">Is it you?</h2>
      <p>Before this is done, prove once more who you are.</p>
      {byKey && <ByKey byKey={byKey} />}
      {byPassword && <ByPassword byPassword={byPassword} />}
      {byCode && <ByCode byCode={byCode} />}
      {!byKey && !byPassword && !byCode && <p>There is no way to do so here. Sign out, and sign in again.</p>}
      <button type="button" className="link" onClick={cancel}>
        Cancel
      </button>
    </dialog>
  );
}

function ByPassword({ byPassword }: { byPassword: (password: string) => Promise<unknown> }) {
  const step = useStep(byPassword);
  return (
    <Form step={step} onSubmit={(given) => step.run(given("password"))} submit="Confirm">
      <Field
        name="password"
        label="Password"
        type="password"
        autoComplete="current-password"
        fault={step.faults.password}
        autoFocus
      />
    </Form>
  );
}

function ByCode({ byCode }: { byCode: (code: string) => Promise<unknown> }) {
  const step = useStep(byCode);
  return (
    <Form step={step} onSubmit={(given) => step.run(given("code"))} submit="Confirm by code" quiet>
      <Field
        name="code"
        label="Or the code of your app"
        autoComplete="one-time-code"
        fault={step.faults.code}
        hint="A recovery code will do, too."
      />
    </Form>
  );
}

function ByKey({ byKey }: { byKey: () => Promise<unknown> }) {
  const step = useStep(byKey);
  return (
    <ActButton step={step} onClick={step.run} look="primary">
      Use a passkey or key
    </ActButton>
  );
}
