// The parts of a template, and what is done to them while somebody edits: pure functions.
import type { Schema } from "../../api/client";

export type Kind = Schema<"Template">;
export type Part = "subject" | "text" | "html" | "sms";
export type Texts = Partial<Record<Part, string>>;

/** What there is to word of a kind, by the ways that it goes out. */
export function partsOf(kind: Pick<Kind, "channels">): Part[] {
  return [
    ...(kind.channels.includes("mail") ? (["subject", "text", "html"] as const) : []),
    ...(kind.channels.includes("sms") ? (["sms"] as const) : []),
  ];
}

/** A tenant's own words of a kind, without what is built in. */
export function ownOf(kind: Pick<Kind, "own">): Texts {
  const own: Texts = {};
  for (const part of ["subject", "text", "html", "sms"] as const) {
    if (kind.own?.[part]) {
      own[part] = kind.own[part];
    }
  }
  return own;
}

/** Whether two wordings say the same. */
export function alike(a: Texts, b: Texts): boolean {
  return (["subject", "text", "html", "sms"] as const).every((p) => (a[p] ?? "") === (b[p] ?? ""));
}

/** A variable as templates name it, put where the cursor is; and where the cursor is afterwards. */
export function inserted(text: string, variable: string, from: number, to: number): { text: string; at: number } {
  const word = `{{.${variable}}}`;
  return { text: text.slice(0, from) + word + text.slice(to), at: from + word.length };
}

const meanings: Record<string, string> = {
  tenant: "the tenant's name",
  email: "the address that the mail goes to",
  subject: "the finished subject",
  logo_url: "the logo's address",
  colour: "the colour of buttons and links",
  on_colour: "black or white, whichever is read better on it",
  url: "the link",
  code: "the code",
  display: "what the user is called",
  password_reset_url: "where a password is reset",
  signup_url: "where people sign up",
  at: "when it happened",
  ip: "the address that it came from",
  user_agent: "the browser or app that it came from",
  from_email: "the address before",
  to_email: "the address now",
  deleted_email: "the address that was removed",
  from_phone: "the number before",
  to_phone: "the number now",
  provider: "what the identity provider is called",
};

/** What a variable stands for. */
export const meaningOf = (variable: string): string => meanings[variable] ?? "";
