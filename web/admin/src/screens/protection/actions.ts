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
    label: "Failed logins",
    one: "failed login",
    many: "failed logins",
    key: "account",
    per: ["ip", "key"],
  },
  { id: "login", label: "Logins", one: "login", many: "logins", key: "account", per: ["ip"] },
  { id: "signup", label: "Signups", one: "signup", many: "signups", key: "address", per: ["ip"] },
  {
    id: "request_login_code",
    label: "Asking for a login code",
    one: "login code",
    many: "login codes",
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
    label: "Texts that verify a number",
    one: "text",
    many: "texts",
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
