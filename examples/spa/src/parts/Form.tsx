import type { Step } from "@vestibule-auth/client/react";
import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { Failure } from "./Failure";

interface FormProps {
  /** The step that the form takes: it tells whether it is on its way, and what is wrong. */
  step: Pick<Step<never, unknown>, "busy" | "error" | "faults">;
  /** Takes it, with what was given for a field, by its name. */
  onSubmit: (given: (name: string) => string) => void;
  /** What the button says. */
  submit: string;
  /** Where the form is one of several on a page, its button is a quiet one. */
  quiet?: boolean;
  /** Further names by which the server finds fault with the fields, where they have others. */
  also?: string[];
  children?: ReactNode;
}

/** A form of {@link Field}s. What is wrong with none of them stands above its button. */
export function Form({ step, onSubmit, submit, quiet, also = [], children }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  const [names, setNames] = useState<string[]>([]);
  const rest = Object.keys(step.faults).filter((name) => !names.includes(name) && !also.includes(name));
  useEffect(() => {
    if (step.error) {
      form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
    }
  }, [step.error]);
  return (
    <form
      ref={form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const given = new FormData(event.currentTarget);
        setNames([...given.keys()]);
        onSubmit((name) => String(given.get(name) ?? ""));
      }}
    >
      {children}
      {rest.length > 0 && <Failure error={step.error} said={rest.map((name) => step.faults[name]).join(" ")} />}
      <button type="submit" className={quiet ? "" : "primary"} aria-busy={step.busy}>
        {submit}
      </button>
    </form>
  );
}

interface FieldProps {
  name: string;
  label: string;
  /** What is wrong with it. */
  fault?: string | undefined;
  hint?: ReactNode;
  type?: "text" | "email" | "tel" | "password";
  /** What a browser may fill in (HTML, section 4.10.18.7): password managers and passkeys depend on it. */
  autoComplete: string;
  inputMode?: "numeric" | "tel" | "email";
  defaultValue?: string;
  autoFocus?: boolean;
  readOnly?: boolean;
}

export function Field({ name, label, fault, hint, autoFocus, type = "text", ...input }: FieldProps) {
  const id = useId();
  const said = [fault && `${id}-fault`, hint && `${id}-hint`].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        name={name}
        type={type}
        aria-invalid={Boolean(fault)}
        aria-describedby={said || undefined}
        // biome-ignore lint/a11y/noAutofocus: on pages that ask for one thing alone
        autoFocus={autoFocus}
        autoCapitalize="none"
        spellCheck={false}
        {...input}
      />
      {/* It is there before there is anything to say, so that readers of the screen notice when there is. */}
      <p className="fault" id={`${id}-fault`} role="alert">
        {fault}
      </p>
      {hint && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
