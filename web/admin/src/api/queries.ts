// How answers are kept: for how long, what is tried again, and what happens when the session ends.
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { isProblem, passes } from "./problem";

/** Set by the router: goes where an operator signs in, or shows a second factor, and back here afterwards. */
export const gate: { signIn: () => void; secondFactor: () => void } = { signIn: () => {}, secondFactor: () => {} };

function closed(error: unknown): void {
  if (isProblem(error, "unauthenticated")) {
    gate.signIn();
  } else if (isProblem(error, "second-factor")) {
    gate.secondFactor();
  }
}

/** Reads anew whatever on the screen could not be read. */
export const readFailed = () =>
  queries.refetchQueries({ type: "active", predicate: (query) => query.state.status === "error" });

export const queries = new QueryClient({
  queryCache: new QueryCache({ onError: closed }),
  mutationCache: new MutationCache({
    onError: closed,
    // Whatever was changed may show in any list; what is on the screen is read again, and nothing else.
    onSuccess: () => queries.invalidateQueries(),
  }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (failures, error) => failures < 2 && passes(error),
      refetchOnWindowFocus: true,
    },
  },
});
