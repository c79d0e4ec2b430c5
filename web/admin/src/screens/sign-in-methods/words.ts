// What front ends are told, in plain words.

const methods: Record<string, string> = { username: "username", email: "email address", phone: "phone number" };

const or = (words: string[]) =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words[words.length - 1]}`;

/** "Username or email address": the label of the first field of a sign-in form. */
export function loginLabel(given: string[]): string {
  const text = or(given.map((m) => methods[m] ?? m));
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What a flow lets people do. */
export function flowInWords(id: string): string {
  return (
    (
      {
        login: "Sign in with a password",
        login_by_code: "Ask for a code, and sign in with it",
        signup: "Make an account",
        mfa_login_webauthn: "Sign in with a passkey alone",
        password_reset_by_code: "Reset a password by a code",
        provider_redirect: "Sign in through a provider",
        provider_token: "Sign in with a provider's token",
      } as Record<string, string>
    )[id] ?? id
  );
}

/** Where somebody stands with whom a flow is pending; null is nobody's: they are signed in. */
export function stepInWords(pending: string | null | undefined): string {
  if (!pending) {
    return "they are signed in at once";
  }
  return (
    (
      {
        verify_email: "they have to verify their email address first",
        verify_phone: "they have to verify their phone number first",
        login_by_code: "they have to type a code that is sent to them",
        mfa_authenticate: "they have to show a second factor",
        mfa_trust: "they are asked whether to trust the browser",
        mfa_signup_webauthn: "they have to make a passkey",
      } as Record<string, string>
    )[pending] ?? `${pending} is pending`
  );
}
