import type { VerifyPhone as VerifyPhoneStep } from "@vestibule-auth/client";
import { useStep } from "@vestibule-auth/client/react";
import { useState } from "react";
import { Field, Form } from "../../parts/Form";
import { Page } from "../../parts/Page";
import { useTell } from "../../tell";
import { CodeForm } from "./CodeForm";
import { Resend } from "./Resend";

export function VerifyPhone({ next }: { next: VerifyPhoneStep }) {
  const verify = useStep(next.verify);
  return (
    <Page title="Verify your number" lead="You got a text with a code. Type it here.">
      <CodeForm step={verify} />
      <Resend resend={next.resend}>Send another code</Resend>
      <Change next={next} />
    </Page>
  );
}

function Change({ next }: { next: VerifyPhoneStep }) {
  const [open, setOpen] = useState(false);
  const tell = useTell();
  const change = useStep(async (phone: string) => {
    await next.change(phone.replace(/[\s()-]/g, ""));
    tell(`A code is on its way to ${phone}.`);
    setOpen(false);
  });
  if (!open) {
    return (
      <button type="button" className="link" onClick={() => setOpen(true)}>
        The number is mistyped
      </button>
    );
  }
  return (
    <Form step={change} onSubmit={(given) => change.run(given("phone"))} submit="Send the code there" quiet>
      <Field
        name="phone"
        label="The right number"
        type="tel"
        autoComplete="tel"
        fault={change.faults.phone}
        hint="With the country's code: +49 89 1234567."
        autoFocus
      />
    </Form>
  );
}
