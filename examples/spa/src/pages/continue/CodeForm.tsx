import type { Step } from "@vestibule-auth/client/react";
import { Field, Form } from "../../parts/Form";

interface CodeFormProps {
  step: Step<[string], unknown>;
  label?: string;
  submit?: string;
  hint?: string;
  /** Whether there is another way, which is offered first. */
  quiet?: boolean;
}

/** A form that asks for a code, be it one of a mail, of a text or of an app. */
export function CodeForm({ step, label = "Code", submit = "Go on", hint, quiet = false }: CodeFormProps) {
  return (
    <Form step={step} onSubmit={(given) => step.run(given("code"))} submit={submit} quiet={quiet} also={["key"]}>
      <Field
        name="code"
        label={label}
        autoComplete="one-time-code"
        fault={step.faults.code ?? step.faults.key}
        hint={hint}
        autoFocus
      />
    </Form>
  );
}
