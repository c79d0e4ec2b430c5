// Passkeys and security keys, by the browser's own dialogs (WebAuthn Level 3). Browsers without the JSON half of it are helped out.
import type { Credential, KeyCreation, KeyRequest } from "./types.ts";

/** Why the browser made or showed no key. */
export type KeyReason =
  | "dismissed" // the dialog was closed, or it took too long: browsers do not say which
  | "aborted" // the page ended it, by the signal or by asking for another key: nobody needs to be told
  | "known" // the key that was to be made is registered already
  | "address" // keys do not work at this address: another domain, or no https
  | "unsupported" // this browser knows no keys
  | "failed";

/** No key was made or shown. Its message is for people. */
export class KeyError extends Error {
  override readonly name = "KeyError";
  readonly reason: KeyReason;

  constructor(reason: KeyReason, cause?: unknown) {
    super(words[reason], { cause });
    this.reason = reason;
  }
}

const words: Record<KeyReason, string> = {
  dismissed: "No key was used: the dialog was closed, or it took too long. Try again.",
  aborted: "No key was used: something else was begun.",
  known: "This key is registered with your account already.",
  address: "Keys cannot be used at this address.",
  unsupported: "This browser knows no keys. Take another way, or another browser.",
  failed: "The browser could not use a key. Try again, or take another way.",
};

/** Whether this browser can make and show keys. */
export function keysWork(): boolean {
  return typeof PublicKeyCredential !== "undefined" && typeof navigator !== "undefined" && "credentials" in navigator;
}

/** Whether this browser offers passkeys in the list under a field with `autocomplete="username webauthn"`. */
export async function autofillWorks(): Promise<boolean> {
  return keysWork() && ((await PublicKeyCredential.isConditionalMediationAvailable?.()) ?? false);
}

/** Has the browser make a key. It throws a {@link KeyError}. */
export async function makeKey(options: KeyCreation, signal?: AbortSignal): Promise<Credential> {
  return ceremony({ signal, known: "known" }, async (ended) => {
    const publicKey = creation(options.publicKey as unknown as PublicKeyCredentialCreationOptionsJSON);
    return navigator.credentials.create({ publicKey, signal: ended });
  });
}

/**
 * Has the browser show a key. With autofill it waits, without a dialog, until somebody picks a passkey under a field; the signal ends that,
 * and so does whatever asks for a key next. It throws a {@link KeyError}.
 */
export async function showKey(
  options: KeyRequest,
  how: { signal?: AbortSignal; autofill?: boolean } = {},
): Promise<Credential> {
  return ceremony({ ...how, known: "failed" }, async (ended) => {
    const publicKey = request(options.publicKey as unknown as PublicKeyCredentialRequestOptionsJSON);
    return navigator.credentials.get({
      publicKey,
      signal: ended,
      ...(how.autofill && { mediation: "conditional" as const }),
    });
  });
}

interface How {
  signal?: AbortSignal | undefined;
  autofill?: boolean;
  /** What InvalidStateError means. */
  known: KeyReason;
}

let offered: AbortController | undefined; // ends the autofill that waits

/** Browsers know one ceremony at a time, so what waits under a field makes room. */
async function ceremony({ signal, autofill, known }: How, ask: (ended: AbortSignal) => Promise<unknown>) {
  if (!keysWork()) {
    throw new KeyError("unsupported");
  }
  offered?.abort();
  const end = new AbortController();
  offered = autofill ? end : undefined;
  const abort = () => end.abort();
  if (signal?.aborted) {
    abort();
  }
  signal?.addEventListener("abort", abort);
  try {
    const credential = await ask(end.signal);
    if (!credential) {
      throw new Error("the browser gave nothing");
    }
    return asJSON(credential as PublicKeyCredential);
  } catch (error) {
    throw new KeyError(reasonOf(error, known), error);
  } finally {
    signal?.removeEventListener("abort", abort);
    if (offered === end) {
      offered = undefined;
    }
  }
}

/** Extensions of browsers throw what is no error of this page, and so may frames. */
function reasonOf(error: unknown, known: KeyReason): KeyReason {
  switch ((error as { name?: unknown } | null | undefined)?.name) {
    case "NotAllowedError":
      return "dismissed";
    case "AbortError":
      return "aborted";
    case "InvalidStateError":
      return known;
    case "SecurityError":
      return "address";
    case "NotSupportedError":
      return "unsupported";
    default:
      return "failed";
  }
}

function creation(json: PublicKeyCredentialCreationOptionsJSON): PublicKeyCredentialCreationOptions {
  if (PublicKeyCredential.parseCreationOptionsFromJSON) {
    return PublicKeyCredential.parseCreationOptionsFromJSON(json);
  }
  return {
    ...json,
    challenge: bytes(json.challenge),
    user: { ...json.user, id: bytes(json.user.id) },
    excludeCredentials: described(json.excludeCredentials),
  } as unknown as PublicKeyCredentialCreationOptions;
}

function request(json: PublicKeyCredentialRequestOptionsJSON): PublicKeyCredentialRequestOptions {
  if (PublicKeyCredential.parseRequestOptionsFromJSON) {
    return PublicKeyCredential.parseRequestOptionsFromJSON(json);
  }
  return {
    ...json,
    challenge: bytes(json.challenge),
    allowCredentials: described(json.allowCredentials),
  } as unknown as PublicKeyCredentialRequestOptions;
}

function described(keys: PublicKeyCredentialDescriptorJSON[] = []): PublicKeyCredentialDescriptor[] {
  return keys.map((key) => ({ ...key, id: bytes(key.id) }) as PublicKeyCredentialDescriptor);
}

function asJSON(key: PublicKeyCredential): Credential {
  try {
    return key.toJSON() as unknown as Credential;
  } catch {
    // there is none, or it is not that of a password manager which has made this key
  }
  const response = key.response as AuthenticatorAttestationResponse & AuthenticatorAssertionResponse;
  const given: Record<string, unknown> = { clientDataJSON: text(response.clientDataJSON) };
  if (response.attestationObject) {
    given.attestationObject = text(response.attestationObject);
    given.transports = response.getTransports?.() ?? [];
  } else {
    given.authenticatorData = text(response.authenticatorData);
    given.signature = text(response.signature);
    if (response.userHandle) {
      given.userHandle = text(response.userHandle);
    }
  }
  return {
    id: key.id,
    rawId: text(key.rawId),
    type: key.type,
    authenticatorAttachment: key.authenticatorAttachment ?? undefined,
    clientExtensionResults: key.getClientExtensionResults(),
    response: given,
  };
}

/** Base64url without padding (RFC 4648, section 5), as WebAuthn's JSON has all bytes. */
function bytes(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

function text(buffer: ArrayBuffer): string {
  const binary = Array.from(new Uint8Array(buffer), (b) => String.fromCharCode(b)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
