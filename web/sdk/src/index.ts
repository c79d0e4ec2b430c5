// The headless API of a Vestibule or django-allauth server, for browsers, apps and Node.
export { AppClient, type AppOptions } from "./app.ts";
export { BrowserClient, type BrowserOptions } from "./browser.ts";
export type { Client, MadeKey } from "./client.ts";
export { Declined, faultsOf, NoTokens, type Reason, Unreachable } from "./errors.ts";
export {
  can,
  type LoginByCode,
  type Next,
  type PasskeySignup,
  type PasswordReset,
  type Prove,
  type ProviderSignup,
  type SecondFactor,
  type Session,
  type SignedIn,
  type SignedOut,
  type Trust,
  type UnknownStep,
  type VerifyEmail,
  type VerifyPhone,
  type Waiting,
} from "./session.ts";
export { inMemory, inStorage, type TokenStore, type Tokens, type WebStorage } from "./tokens.ts";
export type { Options } from "./transport.ts";
export type * from "./types.ts";
export { autofillWorks, KeyError, type KeyReason, keysWork, makeKey, showKey } from "./webauthn.ts";
