import type { Prove } from "./session.ts";
import type { Fault } from "./types.ts";

/** What kind of no it was. Whoever needs more looks at the status and the codes of the faults. */
export type Reason =
  | "invalid" // 400: the input is at fault; `faults` says where
  | "signed-out" // 401: only whoever is signed in has a say, and nobody is
  | "reauthenticate" // 401: it must be proved anew who is signed in; `prove` has the ways
  | "forbidden" // 403
  | "missing" // 404: there is no such thing, or the tenant does not offer it
  | "conflict" // 409: not in this state, such as a login of somebody who is signed in
  | "ended" // 410: the session is over, and forgotten
  | "later" // 429 and 503: too much at once; `retryAfter` says when
  | "failed"; // anything else: something is wrong at the server

/** What the server declined. Its message is for people. */
export class Declined extends Error {
  override readonly name = "Declined";
  readonly reason: Reason;
  /** Of HTTP. */
  readonly status: number;
  /** What is wrong with the input, in the server's order. */
  readonly faults: readonly Fault[];
  /** How long to wait, in seconds, with the reason `later`; else undefined, and so where the server does not say. */
  readonly retryAfter: number | undefined;
  /** The ways to prove it, with the reason `reauthenticate`; else undefined. */
  readonly prove: Prove | undefined;

  constructor(status: number, faults: readonly Fault[] = [], retryAfter?: number, prove?: Prove) {
    const reason = reasonOf(status, prove);
    super(faults.map((f) => f.message).join(" ") || plain(reason, retryAfter));
    this.reason = reason;
    this.status = status;
    this.faults = faults;
    this.retryAfter = retryAfter;
    this.prove = prove;
  }

  /** Whether a fault with that code is among them, such as `email_password_mismatch`. */
  has(code: string): boolean {
    return this.faults.some((f) => f.code === code);
  }
}

/** There was no answer, or it was none of the server's. Nobody knows what became of the request. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";

  constructor(cause: unknown) {
    super("The server did not answer. Check the connection, and try again.", { cause });
  }
}

/** There is no access token to be had: nobody has signed in, the tenant hands out none, or the session is over. */
export class NoTokens extends Error {
  override readonly name = "NoTokens";

  constructor(cause?: unknown) {
    super("There is no access token. Sign in first.", { cause });
  }
}

/** What is wrong with the fields of a form, by their names; what belongs to none has the name "". */
export function faultsOf(error: unknown): Record<string, string> {
  const said: Record<string, string> = {};
  if (error instanceof Declined && error.faults.length > 0) {
    for (const { param = "", message } of error.faults) {
      said[param] = said[param] ? `${said[param]} ${message}` : message;
    }
  } else if (error !== undefined && error !== null) {
    said[""] = error instanceof Error ? error.message : String(error);
  }
  return said;
}

function reasonOf(status: number, prove: Prove | undefined): Reason {
  switch (status) {
    case 400:
      return "invalid";
    case 401:
      return prove ? "reauthenticate" : "signed-out";
    case 403:
      return "forbidden";
    case 404:
      return "missing";
    case 409:
      return "conflict";
    case 410:
      return "ended";
    case 429:
    case 503:
      return "later";
    default:
      return "failed";
  }
}

function plain(reason: Reason, retryAfter: number | undefined): string {
  switch (reason) {
    case "invalid":
      return "That was not accepted.";
    case "signed-out":
      return "Nobody is signed in. Sign in, and try again.";
    case "reauthenticate":
      return "Prove first that it is you.";
    case "forbidden":
      return "That is not allowed.";
    case "missing":
      return "There is no such thing here.";
    case "conflict":
      return "Something changed meanwhile. Begin again.";
    case "ended":
      return "The session is over. Sign in again.";
    case "later":
      return retryAfter
        ? `That was too much at once. Try again in ${duration(retryAfter)}.`
        : "That was too much at once. Try again in a while.";
    case "failed":
      return "The server has a problem. Try again in a while.";
  }
}

function duration(seconds: number): string {
  const [count, unit] = seconds < 90 ? [Math.ceil(seconds), "second"] : [Math.ceil(seconds / 60), "minute"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
