// What went wrong, in the server's words where it said something.
import type { Schema } from "./client";

export type Problem = Schema<"Problem">;
export type Fault = NonNullable<Problem["errors"]>[number];

/** The problem that a failed call came with. Whatever is none was no answer of the server's: it could not be reached. */
export function problemOf(error: unknown): Problem {
  if (typeof error === "object" && error !== null && "type" in error && "title" in error && "status" in error) {
    return error as Problem;
  }
  return {
    type: "unreachable",
    title: "The server did not answer.",
    status: 0,
    detail: "It may be restarting, or the network is down. Try again in a moment.",
  };
}

/** What is to be said beside that of an act, whose answer was lost. */
export const uncertain = "It may have been done all the same: look before you ask again.";

/** Whether an error is a problem of a kind, such as "stale": the last word of its type. */
export function isProblem(error: unknown, ...kinds: string[]): boolean {
  const { type } = problemOf(error);
  return kinds.some((kind) => type === `urn:vestibule:problem:${kind}`);
}

/** Whether trying the same again may help by itself. */
export function passes(error: unknown): boolean {
  const { status } = problemOf(error);
  return status === 0 || status === 503;
}

/** What is said of a field, with an example where that helps more than the server's general words. */
export function plainly(field: string, message: string): string {
  return field === "email" && /^enter a valid (value|email address)\.?$/i.test(message)
    ? "Enter an address such as ann@example.org."
    : message;
}

/** What is wrong with the input, by path; what belongs to no field is under "". */
export function faultsOf(error: unknown): Record<string, string> {
  const found: Record<string, string> = Object.create(null); // a path may be a word that every object knows
  for (const fault of problemOf(error).errors ?? []) {
    const message = plainly(fault.path, fault.message);
    found[fault.path] = found[fault.path] ? `${found[fault.path]}; ${message}` : message;
  }
  return found;
}

/** One sentence or two for a notification. */
export function inWords(error: unknown): string {
  const problem = problemOf(error);
  const faults = (problem.errors ?? []).map((f) => (f.path ? `${f.path} ${f.message}` : f.message)).join("; ");
  const unknown = problem.status === 0 && problem.type === "unreachable" ? ` ${uncertain}` : "";
  return (faults || problem.detail || problem.title) + unknown;
}
