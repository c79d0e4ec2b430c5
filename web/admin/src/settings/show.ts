// Changes of a draft, as they are shown to people: a secret that was typed is not.
import type { Schema } from "../api/client";
import { duration } from "../parts/words";
import { controlOf, hidden, type Node, nodeAt } from "./node";
import type { Difference, Json } from "./patch";

/** What a place of the draft is by the schema, if the schema knows it: names and hosts are none of the configuration's. */
function nodeOf(path: string[], schema: Node | undefined): Node | undefined {
  const [first, ...rest] = path;
  return schema && first === "config" ? nodeAt(schema, rest.join(".")) : undefined;
}

/** A value as it is shown: without its secrets, and lengths of time in words as well. */
export function valueToShow(path: string[], value: Json | undefined, schema: Node | undefined): Json | undefined {
  const node = nodeOf(path, schema);
  if (node && typeof value === "number" && controlOf(node) === "seconds") {
    return `${value} (${duration(value)})`;
  }
  return hidden(node, value);
}

export function changesToShow(changes: Difference[], schema: Node | undefined): Schema<"Change">[] {
  return changes.map(({ path, before, after }) => ({
    path: path.join("."),
    before: (valueToShow(path, before, schema) ?? null) as never,
    after: (valueToShow(path, after, schema) ?? null) as never,
  }));
}
