import { useConfig } from "@vestibule-auth/client/react";
import { Field } from "../parts/Form";

/** What signup may ask for besides a password. */
const known = {
  email: { label: "Email address", type: "email", autoComplete: "email" },
  username: { label: "Username", type: "text", autoComplete: "username" },
  phone: { label: "Phone number", type: "tel", autoComplete: "tel", hint: "With the country's code: +49 89 1234567." },
} as const;

type Name = keyof typeof known;
const names = Object.keys(known) as Name[];

export type Given = Partial<Record<Name, string>>;

/** What was given for them, without what was left empty. */
export function given(form: (name: string) => string): Given {
  const all: Given = {};
  for (const name of names) {
    const value = form(name).trim();
    if (value) {
      all[name] = name === "phone" ? value.replace(/[\s()-]/g, "") : value;
    }
  }
  return all;
}

interface SignUpFieldsProps {
  faults: Record<string, string>;
  /** What is known already. */
  known?: Partial<Record<Name, string | undefined>>;
}

/**
 * The fields of a signup. An app knows what its tenant asks for, and shows that. This one is for any tenant: it has a field for each thing
 * that signs in, and for what the server says is missing. The first is needed; of the others the server knows.
 */
export function SignUpFields({ faults, known: has = {} }: SignUpFieldsProps) {
  const methods = useConfig()?.account.login_methods ?? [];
  const shown = names.filter((name) => methods.includes(name) || faults[name]);
  return shown.map((name, i) => {
    const { label, ...field } = known[name];
    const optional = i > 0 && !faults[name];
    return (
      <Field
        key={name}
        name={name}
        label={optional ? `${label} (optional)` : label}
        {...field}
        fault={faults[name]}
        {...(has[name] && { defaultValue: has[name] })}
        autoFocus={i === 0}
      />
    );
  });
}
