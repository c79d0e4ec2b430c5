import type { VerifyEmail } from "@vestibule-auth/client";
import { useClient, useConfig, useStep } from "@vestibule-auth/client/react";
import { useState } from "react";
import { ActButton } from "../../parts/ActButton";
import { Field, Form } from "../../parts/Form";
import { Page } from "../../parts/Page";
import { useTell } from "../../tell";
import { CodeForm } from "./CodeForm";
import { Resend } from "./Resend";

export function VerifyAddress({ next }: { next: VerifyEmail }) {
  const byCode = useConfig()?.account.email_verification_by_code_enabled;
  return byCode ? <ByCode next={next} /> : <ByLink next={next} />;
}

function ByCode({ next }: { next: VerifyEmail }) {
  const verify = useStep(next.verify);
  return (
    <Page title="Verify your address" lead="You got a mail with a code. Type it here.">
      <CodeForm step={verify} />
      <Resend resend={next.resend}>Send another code</Resend>
      <Change next={next} />
    </Page>
  );
}

/** The link may be opened in another tab or on a telephone, so this page looks again when it is asked to. */
function ByLink({ next }: { next: VerifyEmail }) {
  const client = useClient();
  const look = useStep(() => client.session());
  return (
    <Page title="Verify your address" lead="You got a mail with a link. Open it, then sign in.">
      <ActButton step={look} onClick={look.run} look="primary">
        I have opened the link
      </ActButton>
      <Resend resend={next.resend}>Send another mail</Resend>
    </Page>
  );
}

function Change({ next }: { next: VerifyEmail }) {
  const [open, setOpen] = useState(false);
  const tell = useTell();
  const change = useStep(async (email: string) => {
    await next.change(email);
    tell(`A code is on its way to ${email}.`);
    setOpen(false);
  });
  if (!open) {
    return (
      <button type="button" className="link" onClick={() => setOpen(true)}>
        The address is mistyped
      </button>
    );
  }
  return (
    <Form step={change} onSubmit={(given) => change.run(given("email"))} submit="Send the code there" quiet>
      <Field
        name="email"
        label="The right address"
        type="email"
        autoComplete="email"
        fault={change.faults.email}
        autoFocus
      />
    </Form>
  );
}
