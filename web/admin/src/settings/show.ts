// Changes of a draft, as they are shown to people: a secret that was typed is not.
import type { Schema } from "../api/client";
import type { Difference } from "./patch";
import { hidden, type Node, nodeAt } from "./schema";

/** What a place of the draft is by the schema, if the schema knows it: names and hosts are none of the configuration's. */
function nodeOf(path: string[], schema: Node | undefined): Node | undefined {
  const [first, ...rest] = path;
  return schema && first === "config" ? nodeAt(schema, rest.join(".")) : undefined;
}

export function changesToShow(changes: Difference[], schema: Node | undefined): Schema<"Change">[] {
  return changes.map(({ path, before, after }) => {
    const node = nodeOf(path, schema);
    return {
      path: path.join("."),
      before: (hidden(node, before) ?? null) as never,
      after: (hidden(node, after) ?? null) as never,
    };
  });
}
