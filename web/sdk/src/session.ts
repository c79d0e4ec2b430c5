// The state of a session. A login is rarely one step: what waits is a state like the others, and has the steps that lead on from it.
import type { Client } from "./client.ts";
import type {
  AuthenticatorType,
  Email,
  Flow,
  FlowID,
  Input,
  Method,
  Phone,
  Provider,
  ProviderSignupDetails,
  User,
} from "./types.ts";

/** Who is signed in or, if nobody is, what may be done next. */
export type Session = SignedIn | Waiting | SignedOut;

export interface SignedIn {
  status: "signed-in";
  user: User;
  /** How the user has proved who it is, oldest first. */
  methods: Method[];
}

export interface Waiting {
  status: "waiting";
  /** What is waited for, with the steps that it allows. */
  next: Next;
  /** Everything that may be done. */
  flows: Flow[];
}

export interface SignedOut {
  status: "signed-out";
  /** The ways in. */
  flows: Flow[];
}

/** What a login, signup or reset may wait for. `id` tells which it is; then the compiler knows the steps. */
export type Next =
  | VerifyEmail
  | VerifyPhone
  | LoginByCode
  | SecondFactor
  | Trust
  | PasskeySignup
  | PasswordReset
  | ProviderSignup
  | UnknownStep;

/** A mailed code is waited for or, where the tenant mails links, that the link is opened. */
export interface VerifyEmail {
  id: "verify_email";
  verify(code: string): Promise<Session>;
  /** Mails another code. */
  resend(): Promise<void>;
  /** Has the code go to another address: of a signup that mistyped its own. */
  change(email: string): Promise<Email[]>;
}

export interface VerifyPhone {
  id: "verify_phone";
  verify(code: string): Promise<Session>;
  resend(): Promise<void>;
  change(phone: string): Promise<Phone>;
}

export interface LoginByCode {
  id: "login_by_code";
  confirm(code: string): Promise<Session>;
  resend(): Promise<void>;
}

export interface SecondFactor {
  id: "mfa_authenticate";
  /** What will do. */
  types: AuthenticatorType[];
  /** A code of the app, or a recovery code. */
  byCode(code: string): Promise<Session>;
  /** By the browser's dialog for keys. */
  byKey(): Promise<Session>;
}

export interface Trust {
  id: "mfa_trust";
  /** Whether this browser need not show a second factor next time. */
  trust(yes: boolean): Promise<Session>;
}

export interface PasskeySignup {
  id: "mfa_signup_webauthn";
  /** Makes the passkey, by the browser's dialog, and signs in. */
  make(name?: string): Promise<Session>;
}

export interface PasswordReset {
  id: "password_reset_by_code";
  /** Whose password the code resets. */
  look(code: string): Promise<User>;
  reset(code: string, password: string): Promise<Session>;
}

/** Somebody has come from an identity provider that did not tell enough to make an account of. */
export interface ProviderSignup {
  id: "provider_signup";
  provider: Provider;
  /** What is known already. */
  look(): Promise<ProviderSignupDetails>;
  finish(input: Input<"finishProviderSignup">): Promise<Session>;
}

/** Something that a later version of the server waits for. */
export interface UnknownStep {
  id: "unknown";
  flow: Flow;
}

/** The ways to prove anew who is signed in. A way that is not offered is undefined. */
export interface Prove {
  /** Who must prove it. */
  user: User;
  flows: Flow[];
  byPassword?: (password: string) => Promise<Session>;
  byCode?: (code: string) => Promise<Session>;
  byKey?: () => Promise<Session>;
}

/** The flow of that name, if a session has it: `can(session, "signup")`. */
export function can(session: Session, id: FlowID): boolean {
  return session.status !== "signed-in" && session.flows.some((f) => f.id === id);
}

/** The data of an answer that tells the state. */
export interface State {
  user?: User;
  methods?: Method[];
  flows?: Flow[];
}

/** The session that an answer tells of; undefined where it tells of none. */
export function sessionOf(client: Client, authenticated: boolean, state: State | undefined): Session | undefined {
  if (!state) {
    return undefined;
  }
  if (authenticated && state.user) {
    return { status: "signed-in", user: state.user, methods: state.methods ?? [] };
  }
  if (!state.flows) {
    return undefined;
  }
  const pending = state.flows.find((f) => f.is_pending);
  return pending
    ? { status: "waiting", next: nextOf(client, pending), flows: state.flows }
    : { status: "signed-out", flows: state.flows };
}

function nextOf(client: Client, flow: Flow): Next {
  switch (flow.id as FlowID) {
    case "verify_email":
      return {
        id: "verify_email",
        verify: (code) => client.verifyEmail(code),
        resend: () => client.resendEmailCode(),
        change: (email) => client.addEmail(email),
      };
    case "verify_phone":
      return {
        id: "verify_phone",
        verify: (code) => client.verifyPhone(code),
        resend: () => client.resendPhoneCode(),
        change: (phone) => client.changePhone(phone),
      };
    case "login_by_code":
      return {
        id: "login_by_code",
        confirm: (code) => client.confirmLoginCode(code),
        resend: () => client.resendLoginCode(),
      };
    case "mfa_authenticate":
      return {
        id: "mfa_authenticate",
        types: flow.types ?? [],
        byCode: (code) => client.authenticateByCode(code),
        byKey: () => client.authenticateWithKey(),
      };
    case "mfa_trust":
      return { id: "mfa_trust", trust: (yes) => client.trust(yes) };
    case "mfa_signup_webauthn":
      return { id: "mfa_signup_webauthn", make: (name) => client.finishSignupWithKey(name) };
    case "password_reset_by_code":
      return {
        id: "password_reset_by_code",
        look: (code) => client.lookAtResetKey(code),
        reset: (code, password) => client.resetPassword(code, password),
      };
    case "provider_signup":
      return {
        id: "provider_signup",
        provider: flow.provider ?? { id: "", name: "", flows: [] },
        look: () => client.lookAtProviderSignup(),
        finish: (input) => client.finishProviderSignup(input),
      };
    default:
      return { id: "unknown", flow };
  }
}

/** The ways that the flows of an answer offer. */
export function proveOf(client: Client, user: User, flows: Flow[]): Prove {
  const types = flows.find((f) => f.id === "mfa_reauthenticate")?.types ?? [];
  const prove: Prove = { user, flows };
  if (flows.some((f) => f.id === "reauthenticate")) {
    prove.byPassword = (password) => client.reauthenticate(password);
  }
  if (types.some((t) => t !== "webauthn")) {
    prove.byCode = (code) => client.reauthenticateByCode(code);
  }
  if (types.includes("webauthn")) {
    prove.byKey = () => client.reauthenticateWithKey();
  }
  return prove;
}
