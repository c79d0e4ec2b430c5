// How answers are kept: for how long, what is tried again, and what happens when the session ends.
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { part } from "../session/presence";
import { isProblem, passes } from "./problem";

/** Set by the router: goes where an operator signs in, or shows a second factor, and back here afterwards. */
export const gate: { signIn: () => void; secondFactor: () => void } = { signIn: () => {}, secondFactor: () => {} };

/** Has whoever is signed in no more, or not enough, asked for what is missing. */
export function closed(error: unknown): void {
  if (isProblem(error, "unauthenticated")) {
    part();
    gate.signIn();
  } else if (isProblem(error, "second-factor")) {
    part();
    gate.secondFactor();
  }
}

/** Reads anew whatever on the screen could not be read. */
export const readFailed = () =>
  queries.refetchQueries({ type: "active", predicate: (query) => query.state.status === "error" });

export const queries = new QueryClient({
  queryCache: new QueryCache({ onError: closed }), // of one's own account; calls of the admin API tell of it by themselves
  mutationCache: new MutationCache({
    // Whatever was changed may show in any list; what is on the screen is read again, and nothing else.
    onSuccess: () => queries.invalidateQueries(),
  }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (failures, error) => failures < 2 && passes(error),
      refetchOnWindowFocus: true,
    },
    // What was sent and what came back may hold secrets: neither outlives the form.
    mutations: { gcTime: 0 },
  },
});
