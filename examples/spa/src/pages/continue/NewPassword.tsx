import type { PasswordReset, User } from "@vestibule-auth/client";
import { useStep } from "@vestibule-auth/client/react";
import { useState } from "react";
import { useNavigate } from "react-router";
import { Field, Form } from "../../parts/Form";
import { Page } from "../../parts/Page";
import { useTell } from "../../tell";
import { CodeForm } from "./CodeForm";

/** A password is reset by a mailed code: first the code is looked at, then the password is chosen. */
export function NewPassword({ next }: { next: PasswordReset }) {
  const [proved, setProved] = useState<{ code: string; owner: User }>();
  const look = useStep(async (code: string) => setProved({ code, owner: await next.look(code) }));
  return proved ? (
    <Choose next={next} {...proved} />
  ) : (
    <Page title="Type the code" lead="If there is such an account, a code is on its way to it.">
      <CodeForm step={look} />
    </Page>
  );
}

function Choose({ next, code, owner }: { next: PasswordReset; code: string; owner: User }) {
  const navigate = useNavigate();
  const tell = useTell();
  const reset = useStep(async (password: string) => {
    const session = await next.reset(code, password);
    tell("Your password is changed.");
    navigate(session.status === "signed-in" ? "/" : "/signin", { replace: true });
  });
  return (
    <Page title="Choose a new password">
      <p>
        For the account <strong className="foreign">{owner.display}</strong>. It is signed out everywhere.
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
    </Page>
  );
}
