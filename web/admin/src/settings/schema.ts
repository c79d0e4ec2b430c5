// The schema of a tenant's configuration says what each setting is called, means and may be. The screens ask it for all of that.
import { api } from "../api/client";
import type { Node } from "./node";

export { type Control, controlOf, hidden, type Node, nodeAt, types } from "./node";

/** The schema. It changes with the server's version alone. */
export function useSchema() {
  return api.useQuery(
    "get",
    "/admin/v1/config-schema",
    {},
    { staleTime: Number.POSITIVE_INFINITY, select: (d) => d as unknown as Node },
  );
}
