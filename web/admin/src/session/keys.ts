// Passkeys and security keys, by the browser's own dialogs (WebAuthn).

/** What the server sends and takes, as the documents describe it. */
type Credential = Record<string, unknown>;

/** Whether this browser, at this address, can make and show keys. */
export const keysWork =
  typeof PublicKeyCredential !== "undefined" && "parseRequestOptionsFromJSON" in PublicKeyCredential;

function plain(error: unknown): Error {
  const name = error instanceof Error ? error.name : "";
  switch (name) {
    case "NotAllowedError":
    case "AbortError":
      return new Error("No key was used: the dialog was closed, or it took too long. Try again.");
    case "InvalidStateError":
      return new Error("This key is registered with your account already.");
    case "SecurityError":
      return new Error("Keys cannot be used at this address. Use the address that operators sign in at.");
    default:
      return new Error("The browser could not use a key. Try again, or take another way.");
  }
}

/** Has the browser show a key, by the options that the server gave. */
export async function showKey(options: Record<string, unknown>): Promise<Credential> {
  try {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
      options as unknown as PublicKeyCredentialRequestOptionsJSON,
    );
    const shown = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
    return shown.toJSON() as unknown as Credential;
  } catch (error) {
    throw plain(error);
  }
}

/** Has the browser make a key. */
export async function makeKey(options: Record<string, unknown>): Promise<Credential> {
  try {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
      options as unknown as PublicKeyCredentialCreationOptionsJSON,
    );
    const made = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
    return made.toJSON() as unknown as Credential;
  } catch (error) {
    throw plain(error);
  }
}
