// The fields of a signup form, as account.signup_fields lists them: a star marks what must be given.

export interface Field {
  name: string;
  required: boolean;
}

export const fieldNames: Record<string, string> = {
  username: "Username",
  email: "Email",
  email2: "Email (again)",
  phone: "Phone number",
  password1: "Password",
  password2: "Password (again)",
};

export function readFields(list: string[]): Field[] {
  return list.map((f) => ({ name: f.replace(/\*$/, ""), required: f.endsWith("*") }));
}

export function writeFields(fields: Field[]): string[] {
  return fields.map((f) => (f.required ? `${f.name}*` : f.name));
}

/** The fields that are not asked for yet, in the order that people expect. */
export function missing(fields: Field[]): string[] {
  return Object.keys(fieldNames).filter((name) => !fields.some((f) => f.name === name));
}

/** The same list with one field a place up or down. */
export function moved(fields: Field[], from: number, by: -1 | 1): Field[] {
  const to = from + by;
  const one = fields[from];
  const other = fields[to];
  if (!one || !other) {
    return fields;
  }
  return fields.map((f, i) => (i === from ? other : i === to ? one : f));
}
