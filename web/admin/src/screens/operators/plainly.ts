import { faultsOf, type Problem, problemOf } from "../../api/problem";

/** A refusal of what was to become of somebody's grants, without the name that the wire has for them. */
export function plainly(error: unknown): Problem {
  const problem = problemOf(error);
  const why = faultsOf(error).grants;
  return why ? { ...problem, errors: [], detail: `${why.charAt(0).toUpperCase()}${why.slice(1)}.` } : problem;
}
