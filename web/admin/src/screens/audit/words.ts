// What the log's names mean, in words. A name that is not here is spoken as it is written: servers may be newer than this page.
import type { Schema } from "../../api/client";
import { spoken } from "../../parts/words";

export type AuditEvent = Schema<"AuditEvent">;
export type Change = Schema<"Change">;

const words: Record<string, string> = {
  "user.signed_up": "Signed up",
  "user.signup_refused": "Sign-up refused",
  "user.logged_in": "Signed in",
  "user.login_failed": "Sign-in failed",
  "user.logged_out": "Signed out",
  "user.reauthenticated": "Proved again who they are",
  "user.reauthentication_failed": "Failed to prove again who they are",
  "user.claimed": "Claimed an account that nobody had proved",
  "session.ended": "Session ended",
  "password.changed": "Password changed",
  "password.reset": "Password reset",
  "password.reset_requested": "Password reset asked for",
  "email.added": "Address added",
  "email.removed": "Address removed",
  "email.verified": "Address verified",
  "email.primary_changed": "Primary address changed",
  "phone.changed": "Phone number changed",
  "phone.removed": "Phone number removed",
  "phone.verified": "Phone number verified",
  "factor.added": "Second factor added",
  "factor.changed": "Second factor renamed",
  "factor.removed": "Second factor removed",
  "recovery_code.used": "Recovery code used",
  "browser.trusted": "Browser trusted",
  "refresh_token.reused": "Refresh token used twice",
  "webauthn.counter_did_not_rise": "Security key may be a copy",
  "audit.head_changed": "The log's end is not as it was left",
  "tenant.created": "Tenant created",
  "tenant.changed": "Tenant changed",
  "tenant.suspended": "Tenant suspended",
  "tenant.resumed": "Tenant resumed",
  "tenant.deleted": "Tenant deleted",
  "tenant.restored": "Tenant restored",
  "tenant.purged": "Tenant purged",
  "tenant.exported": "Tenant exported",
  "import.created": "Import begun",
  "import.started": "Import started",
  "import.cancelled": "Import cancelled",
  "import.finished": "Import finished",
  "key.rotated": "Signing key rotated",
  "key.imported": "Signing key imported",
  "key.retired": "Signing key retired",
  "operator.created": "Operator added",
  "operator.changed": "Operator changed",
  "operator.removed": "Operator removed",
  "token.created": "API token created",
  "token.revoked": "API token revoked",
  "break_glass.used": "Emergency token used",
  "mail.tested": "Test mail sent",
  "provider.tested": "Provider tried out",
  "message.retried": "Message sent again",
  "webhook.created": "Webhook created",
  "webhook.changed": "Webhook changed",
  "webhook.deleted": "Webhook deleted",
  "webhook.disabled": "Webhook given up on",
  "webhook.secret_rotated": "Webhook secret rotated",
  "webhook.tested": "Webhook tested",
  "webhook.replayed": "Webhook events sent again",
  "user.created": "User created",
  "user.invited": "User invited",
  "user.changed": "User changed",
  "user.deactivated": "User deactivated",
  "user.reactivated": "User reactivated",
  "user.deleted": "User deleted",
  "user.restored": "User restored",
  "user.erased": "User erased",
  "user.exported": "User exported",
  "email.unverified": "Address not verified any more",
  "phone.unverified": "Phone number not verified any more",
  "password.set": "Password set by an operator",
  "password.reset_sent": "Reset link sent by an operator",
  "sessions.ended": "Sessions ended by an operator",
  "provider.connected": "Provider account connected",
  "provider.disconnected": "Provider account disconnected",
  "provider.tokens_read": "Provider tokens read",
};

/** Names that a filter takes: each event, and what they begin with. */
export const actions: string[] = [
  ...new Set(Object.keys(words).map((a) => a.slice(0, a.indexOf(".")))),
  ...Object.keys(words),
];

export const inWords = (action: string): string => words[action] ?? spoken(action);

/** Whether something is worth a second look. */
export const alarming = (action: string): boolean =>
  /failed|refused|reused|did_not_rise|head_changed|break_glass|webhook\.disabled/.test(action);

const kinds: Record<AuditEvent["actor"]["kind"], string> = {
  "": "Somebody unknown",
  user: "The user",
  operator: "Operator",
  token: "API token",
  break_glass: "Emergency token",
  server: "The server",
};

/** Who did it, without a link. */
export function doer(actor: AuditEvent["actor"]): string {
  return actor.name || kinds[actor.kind] || actor.kind;
}

type Details = Record<string, unknown>;

const isObject = (v: unknown): v is Details => typeof v === "object" && v !== null && !Array.isArray(v);

/** What an event says was changed, from what to what. */
export function changesOf(details: Details): Change[] {
  if (Array.isArray(details.changes)) {
    return details.changes.filter((c): c is Change => isObject(c) && typeof c.path === "string");
  }
  const { before, after } = details;
  if (before === undefined && after === undefined) {
    return [];
  }
  if ((before !== undefined && !isObject(before)) || (after !== undefined && !isObject(after))) {
    return [{ path: "all of it", before: (before ?? null) as never, after: (after ?? null) as never }];
  }
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return names.map((path) => ({
    path,
    before: (before?.[path] ?? null) as never,
    after: (after?.[path] ?? null) as never,
  }));
}

/** What else an event says. */
export function restOf(details: Details): [string, unknown][] {
  return Object.entries(details).filter(([name]) => name !== "before" && name !== "after" && name !== "changes");
}

const short = (v: unknown): string => {
  const text =
    typeof v === "string"
      ? v
      : Array.isArray(v) && v.every((x) => typeof x === "string")
        ? v.join(", ")
        : JSON.stringify(v);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
};

/** What tells nobody anything at a glance. */
const ids = ["tried", "authenticator", "session"];

/** An event's details in one line, for the list. */
export function gist(details: Details): string {
  const said = restOf(details)
    .filter(([name, v]) => v !== null && v !== "" && v !== 0 && !ids.includes(name))
    .map(([name, v]) =>
      v === true ? name.replaceAll("_", " ") : v === false ? "" : `${name.replaceAll("_", " ")}: ${short(v)}`,
    );
  const changed = changesOf(details).map((c) => c.path);
  const known = isObject(details.after) ? details.after : isObject(details.before) ? details.before : undefined;
  const name =
    known && [known.email, known.username, known.name, known.phone].find((v) => typeof v === "string" && v !== "");
  const altered = isObject(details.before) && isObject(details.after);
  if (typeof name === "string" && !altered) {
    said.unshift(short(name));
  } else if (changed.length > 0 && changed[0] !== "all of it") {
    said.unshift(
      changed.length > 3 ? `${changed.slice(0, 3).join(", ")} and ${changed.length - 3} more` : changed.join(", "),
    );
  }
  return said.filter(Boolean).slice(0, 3).join(" · ");
}

/** A kind and an id that an event is about, taken apart. */
export function targetOf(target: string): { kind: string; id: string } {
  const at = target.indexOf("/");
  return at < 0 ? { kind: target, id: "" } : { kind: target.slice(0, at), id: target.slice(at + 1) };
}

/** Where a target is shown, if it is: within a tenant, or on the platform. */
export function placeOf(
  target: string,
  slug: string | undefined,
): { to: string; search?: Record<string, string> } | undefined {
  const { kind, id } = targetOf(target);
  const within: Record<string, string> = {
    user: `users/${id}`,
    webhook: `webhooks/${id}`,
    import: `imports/${id}`,
    message: "messages",
    key: "sessions",
    mail: "email",
    template: "templates",
  };
  if (kind === "operator") {
    return { to: "/operators" };
  }
  if (kind === "token") {
    return { to: "/tokens" };
  }
  if (!slug || !within[kind]) {
    return undefined;
  }
  return { to: `/tenants/${slug}/${within[kind]}`, ...(kind === "message" ? { search: { id } } : {}) };
}
