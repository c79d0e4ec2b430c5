// What the schema of the configuration says of one setting, and what follows from it: pure functions.
import type { Json } from "./patch";

/** As much of a JSON Schema as the configuration's uses. */
export interface Node {
  type?: string | string[];
  description?: string;
  default?: Json;
  enum?: Json[];
  format?: string;
  properties?: Record<string, Node>;
  additionalProperties?: Node | boolean;
  items?: Node;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  maxItems?: number;
  writeOnly?: boolean;
  /** A default that is no fixed value, in words. */
  "x-default"?: string;
  /** What the values are, where the type does not say it: "a whole number of seconds". */
  "x-expects"?: string;
}

/** The part of the schema that a path such as account.login_methods names. */
export function nodeAt(schema: Node, path: string): Node | undefined {
  let node: Node | undefined = schema;
  for (const key of path.split(".")) {
    const members: Record<string, Node> | undefined = node?.properties;
    const others: Node | undefined =
      typeof node?.additionalProperties === "object" ? node.additionalProperties : undefined;
    node = members && Object.hasOwn(members, key) ? members[key] : others;
    if (!node) {
      return undefined;
    }
  }
  return node;
}

export const types = (node: Node): string[] => (Array.isArray(node.type) ? node.type : node.type ? [node.type] : []);

/** The kinds of control that a setting may have. */
export type Control =
  | "switch"
  | "choice"
  | "number"
  | "seconds"
  | "times"
  | "list"
  | "choices"
  | "oneOrList"
  | "secret"
  | "text"
  | "json";

/** The control for a setting. What has none of its own is edited as JSON. */
export function controlOf(node: Node): Control {
  const kinds = types(node).filter((t) => t !== "null");
  const only = kinds.length === 1 ? kinds[0] : undefined;
  if (node.writeOnly) {
    return "secret";
  }
  if (node.enum && only !== "array") {
    return "choice";
  }
  if (only === "boolean") {
    return types(node).includes("null") ? "choice" : "switch";
  }
  if (only === "integer") {
    return node["x-expects"]?.includes("seconds") ? "seconds" : "number";
  }
  if (kinds.includes("integer") && kinds.includes("boolean")) {
    return "times";
  }
  if (kinds.includes("array") && kinds.includes("boolean") && node.items?.enum) {
    return "oneOrList";
  }
  if (only === "array") {
    return node.items?.enum ? "choices" : node.items?.type === "string" ? "list" : "json";
  }
  return only === "string" ? "text" : "json";
}

/** A value with its secrets hidden, for wherever a change is shown. */
export function hidden(node: Node | undefined, value: Json | undefined): Json | undefined {
  if (node?.writeOnly && typeof value === "string" && value !== "" && !value.includes("********")) {
    return "another secret";
  }
  if (Array.isArray(value)) {
    return value.map((one) => hidden(node?.items, one) ?? null);
  }
  if (typeof value === "object" && value !== null) {
    const members = node?.properties ?? {};
    const others = typeof node?.additionalProperties === "object" ? node.additionalProperties : undefined;
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [
        key,
        hidden(Object.hasOwn(members, key) ? members[key] : others, one) ?? null,
      ]),
    );
  }
  return value;
}
