// What the API takes and gives. The shapes are those of its document; here they get their names.
import type { components, operations } from "./wire.ts";

type Schemas = components["schemas"];

/** An account as its owner sees it. The id is a UUID that never changes: keep data by it. */
export type User = Schemas["User"];

/** One proof of who somebody is. Times are seconds since 1970. */
export type Method = Schemas["Method"];

/** Something that may be done to get in, or must be done next. */
export type Flow = Schemas["Flows"][number];

/** What a second factor is: `totp`, `recovery_codes` or `webauthn`. */
export type AuthenticatorType = Schemas["Authenticator"]["type"];

/** A second factor that a user has. What its type does not have is left out. */
export type Authenticator = Schemas["Authenticator"];

/** What the tenant offers. */
export type Configuration = Schemas["Configuration"];

/** One fault of an input: `code` is for programs, `message` for people, and `param` names the field, if it is one's. */
export type Fault = Schemas["Error"];

/** An address of a user. Mail goes to the primary one. */
export type Email = Answer<"emails">[number];

/** The number of a user. */
export type Phone = Answer<"phones">[number];

/** A session of a user, on this or another device. Times are seconds since 1970. */
export type OpenSession = Answer<"sessions">[number];

/** What a mailed key would verify, and whose it is. */
export type EmailKey = Answer<"lookAtEmailKey"> & {
  /** Whether this client's own login waits for it. */
  authenticating: boolean;
};

/** What an authenticator app is set up with. */
export interface TOTPSetup {
  /** To be typed in, in base32. */
  secret: string;
  /** The same for a QR code: an otpauth URL. */
  url: string;
}

/** Who issues the tenant's access tokens (OpenID Connect Discovery, section 3). */
export type Issuer = Body200<"issuer">;

/** The keys that they are signed with: a JWK Set (RFC 7517, section 5). */
export type PublicKeys = Body200<"publicKeys">;

/** An app with an identity provider. */
export type Provider = Schemas["Provider"];

/** An account with an identity provider. */
export type ProviderAccount = Schemas["ProviderAccount"];

/** What a provider told of somebody whose signup waits for the rest. */
export type ProviderSignupDetails = Answer<"lookAtProviderSignup">;

/** What {@link makeKey} takes. */
export type KeyCreation = Answer<"keyOptions">["creation_options"];

/** What {@link showKey} takes. */
export type KeyRequest = Answer<"loginKeyOptions">["request_options"];

/** A key that a platform made or showed, as PublicKeyCredential.toJSON() gives it (WebAuthn, section 5.1). */
export type Credential = Record<string, unknown>;

/** Every flow that the server speaks of. A later version may have more. */
export type FlowID =
  | "login"
  | "login_by_code"
  | "mfa_login_webauthn"
  | "signup"
  | "verify_phone"
  | "verify_email"
  | "mfa_authenticate"
  | "mfa_trust"
  | "mfa_signup_webauthn"
  | "password_reset_by_code"
  | "reauthenticate"
  | "mfa_reauthenticate"
  | "provider_redirect"
  | "provider_token"
  | "provider_signup";

/** What an operation is sent. */
export type Input<Op extends keyof operations> = operations[Op] extends {
  requestBody?: { content: { "application/json": infer Body } };
}
  ? Body
  : never;

type Body200<Op extends keyof operations> = operations[Op] extends {
  responses: { 200: { content: { "application/json": infer Body } } };
}
  ? Body
  : never;

/** What an operation answers with, where it answers with data. */
export type Answer<Op extends keyof operations> = Body200<Op> extends { data: infer Data } ? Data : never;
