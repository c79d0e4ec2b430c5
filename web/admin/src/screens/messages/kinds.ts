// What the kinds of messages are for, in words. The server lists the kinds; one that is not here yet is called by its name.
import { spoken } from "../../parts/words";

const words: Record<string, { label: string; when: string }> = {
  email_confirmation_signup: {
    label: "Verify an address at signup",
    when: "Somebody signed up, and is to prove the address.",
  },
  email_confirmation: { label: "Verify an address", when: "A user added an address, or has one to prove anew." },
  account_already_exists: {
    label: "There is an account already",
    when: "Somebody signed up with an address or number that has an account.",
  },
  unknown_account: {
    label: "There is no account",
    when: "Somebody asked for a code or a reset with an address or number that has no account.",
  },
  phone_verification: { label: "Verify a phone number", when: "A user is to prove a phone number." },
  login_code: { label: "Code to sign in", when: "Somebody signs in by a code." },
  password_reset_key: { label: "Reset a password by a link", when: "Somebody asked to reset a password." },
  password_reset_code: {
    label: "Reset a password by a code",
    when: "Somebody asked to reset a password, where that goes by a code.",
  },
  invitation: { label: "Invitation", when: "An operator made an account for somebody." },
  password_changed: { label: "Password changed", when: "A user changed the password." },
  password_set: { label: "Password set", when: "A user set a first password." },
  password_reset: { label: "Password was reset", when: "A password was reset with a link or a code." },
  email_changed: { label: "Address changed", when: "Another address is the primary one; goes to the old one." },
  email_deleted: { label: "Address removed", when: "An address was removed; goes to the primary one." },
  phone_changed: { label: "Phone number changed", when: "A number was added, changed or removed." },
  totp_activated: { label: "Authenticator app added", when: "A second factor was added." },
  totp_deactivated: { label: "Authenticator app removed", when: "A second factor was removed." },
  recovery_codes_generated: { label: "Recovery codes made", when: "A user made new recovery codes." },
  webauthn_added: { label: "Passkey added", when: "A security key or passkey was added." },
  webauthn_removed: { label: "Passkey removed", when: "A security key or passkey was removed." },
  account_connected: { label: "Account connected", when: "An account with an identity provider was connected." },
  account_disconnected: {
    label: "Account disconnected",
    when: "An account with an identity provider was disconnected.",
  },
};

/** What a kind is called. */
export const labelOf = (kind: string): string => words[kind]?.label ?? spoken(kind);

/** When a message of a kind is sent. */
export const whenOf = (kind: string): string => words[kind]?.when ?? "";

export const channels: Record<string, string> = { mail: "Mail", sms: "SMS" };
