// What rates are set for: the words for it, and what each may be counted by (package tenants says what else is refused).
import type { Counted, Per } from "./rates";

export interface Action extends Counted {
  id: string;
  label: string;
  per: Per[];
}

export const accountActions: Action[] = [
  {
    id: "login_failed",
    label: "Failed sign-ins",
    one: "failed sign-in",
    many: "failed sign-ins",
    key: "account",
    per: ["ip", "key"],
  },
  { id: "login", label: "Sign-ins", one: "sign-in", many: "sign-ins", key: "account", per: ["ip"] },
  {
    id: "provider",
    label: "Steps of sign-ins by an identity provider",
    one: "step",
    many: "steps",
    key: "account",
    per: ["ip"],
  },
  { id: "signup", label: "Signups", one: "signup", many: "signups", key: "address", per: ["ip"] },
  {
    id: "request_login_code",
    label: "Asking for a sign-in code",
    one: "sign-in code",
    many: "sign-in codes",
    key: "address or number",
    per: ["ip", "key"],
  },
  {
    id: "reset_password",
    label: "Asking for a password reset",
    one: "password reset",
    many: "password resets",
    key: "address",
    per: ["ip", "key"],
  },
  {
    id: "reset_password_from_key",
    label: "Setting a password by a reset",
    one: "try",
    many: "tries",
    key: "address",
    per: ["ip"],
  },
  {
    id: "confirm_email",
    label: "Mails that verify an address",
    one: "mail",
    many: "mails",
    key: "address",
    per: ["ip", "key"],
  },
  {
    id: "verify_phone",
    label: "Text messages that verify a phone number",
    one: "text message",
    many: "text messages",
    key: "number",
    per: ["ip", "key"],
  },
  {
    id: "change_password",
    label: "Changing the password",
    one: "change",
    many: "changes",
    key: "account",
    per: ["ip", "user"],
  },
  {
    id: "manage_email",
    label: "Adding and changing addresses",
    one: "change",
    many: "changes",
    key: "address",
    per: ["ip", "user"],
  },
  {
    id: "change_phone",
    label: "Changing the phone number",
    one: "change",
    many: "changes",
    key: "number",
    per: ["ip", "user"],
  },
  {
    id: "reauthenticate",
    label: "Proving again who one is",
    one: "try",
    many: "tries",
    key: "account",
    per: ["ip", "user"],
  },
];

export const providerActions: Action[] = [
  {
    id: "device_user_code",
    label: "Typing a device's code",
    one: "try",
    many: "tries",
    key: "device",
    per: ["ip"],
  },
];
