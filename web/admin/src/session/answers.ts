// Answers of the headless API, by which operators sign in and look after their own account, in the words of these pages.
import type { components } from "../../../sdk/src/wire";
import { plainly } from "../api/problem";
import { duration } from "../parts/words";

export type Flow = components["schemas"]["Flows"][number];
export type FactorType = NonNullable<Flow["types"]>[number];
export type User = components["schemas"]["User"];

interface Body {
  status?: number;
  errors?: components["schemas"]["Error"][];
  data?: { user?: User; flows?: Flow[] };
}

interface Answered<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** A call that was declined. It is shown as the admin API's problems are. */
export class Declined extends Error {
  readonly type: string;
  readonly title: string;
  readonly detail: string;
  /** What is wrong with a field, by its name; what belongs to none is in detail alone. */
  readonly faults: Record<string, string> = {};
  /** The ways to prove anew who it is, or to sign in. */
  readonly flows: Flow[];

  constructor(
    readonly status: number,
    body: Body = {},
    retryAfter?: string | null,
  ) {
    const again = retryAfter ? ` Try again in ${duration(Number(retryAfter))}.` : "";
    const lost = (body.errors ?? []).some((e) => e.code === "csrf_failed");
    const all = lost
      ? []
      : (body.errors ?? []).map((e) => ({ ...e, message: plainly(e.param ?? "", e.message) + again }));
    const [kind, title, detail] = lost ? csrf : meant(status, body, again);
    super(title);
    this.type = `urn:vestibule:problem:${kind}`;
    this.title = title;
    this.detail = all.map((e) => e.message).join(" ") || detail;
    this.flows = body.data?.flows ?? [];
    for (const { param, message } of all) {
      if (param) {
        this.faults[param] = message;
      }
    }
  }
}

/** What was given up before it was done. It is shown as the admin API's problems are. */
export class GivenUp extends Error {
  readonly type = "urn:vestibule:problem:given-up";
  readonly title = "Nothing was changed.";
  readonly detail = "Nothing was changed.";
  readonly status = 0;
}

type Meaning = [kind: string, title: string, detail: string];

const csrf: Meaning = [
  "csrf",
  "This page has lost touch with the server.",
  "Reload it and try again. If that does not help, let this site keep cookies.",
];

function meant(status: number, body: Body, again: string): Meaning {
  switch (status) {
    case 0:
      return ["unreachable", "The server did not answer.", "It may be restarting, or the network is down. Try again."];
    case 401:
      return body.data?.user
        ? ["prove-again", "Show that it is you first.", "Too long has gone by since you signed in."]
        : ["unauthenticated", "You are not signed in.", "Sign in, and try again."];
    case 409:
      return ["conflict", "That does not go together.", "Something changed meanwhile. Reload the page and try again."];
    case 429:
      return ["limited", "Too many attempts.", again.trim() || "Wait a while, then try again."];
    case 503:
      return ["busy", "The server is busy.", again.trim() || "Try again in a moment."];
    default:
      return ["declined", "That did not work.", `The server declined it (${status}).${again}`];
  }
}

async function reach<T>(call: () => Promise<Answered<T>>): Promise<Answered<T>> {
  try {
    return await call();
  } catch {
    throw new Declined(0);
  }
}

const declined = ({ error, response }: Answered<unknown>) =>
  new Declined(response.status, (error ?? {}) as Body, response.headers.get("Retry-After"));

/** What a call answers where it goes well; it is thrown what it was declined with. */
export async function ask<T>(call: () => Promise<Answered<T>>): Promise<T> {
  const answer = await reach(call);
  if (!answer.response.ok) {
    throw declined(answer);
  }
  return answer.data as T;
}

/** Where a sign-in is: done, or waiting for something, such as mfa_authenticate. */
export interface Outcome {
  signedIn: boolean;
  /** What it waits for; "" for nothing, so that it may begin anew. */
  stage: string;
  types: FactorType[];
}

export function outcomeOf(status: number, body: unknown): Outcome {
  const flows = (body as Body | undefined)?.data?.flows ?? [];
  const waits = status === 200 ? undefined : flows.find((f) => f.is_pending);
  return { signedIn: status === 200, stage: waits?.id ?? "", types: waits?.types ?? [] };
}

/** A step of a sign-in. That nobody is signed in yet is no failure of it. */
export async function step(call: () => Promise<Answered<unknown>>): Promise<Outcome> {
  const answer = await reach(call);
  const { status } = answer.response;
  if (status !== 200 && status !== 401) {
    throw declined(answer);
  }
  return outcomeOf(status, answer.data ?? answer.error);
}

/** What is wrong with the fields of a form. */
export function faultsIn(error: unknown): Record<string, string> {
  return error instanceof Declined ? error.faults : {};
}

/** What is to be said of a failure beside a form's own fields; undefined where they say it all. */
export function beside(error: unknown, ...fields: string[]): string | undefined {
  if (error === undefined || error === null) {
    return undefined;
  }
  if (error instanceof Declined) {
    const shown = Object.keys(error.faults);
    return shown.length > 0 && shown.every((f) => fields.includes(f)) ? undefined : error.detail;
  }
  return error instanceof Error ? error.message : String(error);
}
