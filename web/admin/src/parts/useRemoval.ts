import { useNavigate } from "@tanstack/react-router";
import { queries } from "../api/queries";
import { done } from "./tell";
import { called, type Outcome } from "./useAct";

/**
 * Takes away what a screen shows. That screen is left first, and what was read of the thing, told by its id or slug, is not read again:
 * it is not there any more. A failure is thrown, for the dialog that asked.
 */
export function useRemoval(id: string) {
  const navigate = useNavigate();
  const own = ({ queryKey }: { queryKey: readonly unknown[] }) => JSON.stringify(queryKey).includes(JSON.stringify(id));
  return async (call: () => Promise<Outcome<unknown>>, to: string, said: string): Promise<void> => {
    await called(call);
    await queries.invalidateQueries({ predicate: own, refetchType: "none" });
    await navigate({ to });
    done(said);
    void queries.invalidateQueries({ predicate: (query) => !own(query) });
  };
}
