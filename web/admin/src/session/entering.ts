import { useRouter, useSearch } from "@tanstack/react-router";
import { queries } from "../api/queries";
import { back } from "../router";
import { announce } from "./presence";
import { through } from "./through";

/** Goes on to where somebody was on their way to when they were asked to sign in. What was read before was somebody else's to read. */
export function useEnter(): () => void {
  const router = useRouter();
  const search = useSearch({ strict: false }) as { return?: string };
  return () => {
    queries.clear();
    announce();
    router.history.replace(back(through(search.return)));
  };
}
