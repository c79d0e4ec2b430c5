// Where one is in a document of a tenant in YAML, and what the schema says of it: by the lines' indentation alone, since a document that is
// being written is seldom whole. Pure functions.
import type { Node } from "../../settings/schema";

/** The schema of the whole document, of which the configuration is a part. */
export function documentSchema(config: Node): Node {
  return {
    type: "object",
    properties: {
      slug: { type: "string", description: "The tenant's own; it never changes." },
      name: { type: "string", description: "What people see." },
      hosts: {
        type: "array",
        items: { type: "string" },
        description: "The hosts that lead to the tenant, the public one first. A host that is left out is lost.",
      },
      state: {
        type: "string",
        enum: ["active", "suspended"],
        description: "Whether it is served. To change it takes the right to suspend tenants.",
      },
      config: {
        ...config,
        type: "object",
        description: "What the tenant wants other than the defaults. What is left out is at its default.",
      },
      note: { type: "string", description: "Why: kept with the version." },
      version: { type: "integer", description: "The version that this is to take the place of." },
    },
  };
}

/** The part of a schema at a path. Keys that people choose, such as kinds of messages, lead to what they all are. */
export function nodeIn(schema: Node, path: string[]): Node | undefined {
  let node: Node | undefined = schema;
  for (const key of path) {
    const members: Record<string, Node> | undefined = node?.properties;
    if (members && Object.hasOwn(members, key)) {
      node = members[key];
    } else if (typeof node?.additionalProperties === "object") {
      node = node.additionalProperties;
    } else if (node?.items?.properties && Object.hasOwn(node.items.properties, key)) {
      node = node.items.properties[key];
    } else {
      return undefined;
    }
  }
  return node;
}

const entry = /^(\s*)((?:-\s+)*)(?:"([^"]*)"|'([^']*)'|([^\s#:'"-][^#:]*?)):(?:\s|$)/;

/** The key of a line, and how far in it stands; undefined where a line has none. */
export function keyOf(line: string): { key: string; indent: number } | undefined {
  const found = entry.exec(line);
  return found
    ? { key: found[3] ?? found[4] ?? found[5] ?? "", indent: (found[1] ?? "").length + (found[2] ?? "").length }
    : undefined;
}

/** The keys above what stands so far in on a line, the outermost first. */
export function above(lines: string[], line: number, indent: number): string[] {
  const path: string[] = [];
  let limit = indent;
  for (let i = line - 1; i >= 0 && limit > 0; i--) {
    const found = keyOf(lines[i] ?? "");
    if (found && found.indent < limit) {
      path.unshift(found.key);
      limit = found.indent;
    }
  }
  return path;
}

/** The path of the key on a line, or of the key whose list a line belongs to. */
export function pathAt(lines: string[], line: number): string[] | undefined {
  const text = lines[line] ?? "";
  const found = keyOf(text);
  if (found) {
    return [...above(lines, line, found.indent), found.key];
  }
  const item = /^(\s*)-/.exec(text);
  if (item) {
    const path = above(lines, line, (item[1] ?? "").length + 1); // a list may stand as far in as its key
    return path.length > 0 ? path : undefined;
  }
  return undefined;
}

/** The keys that stand beside one another below the same key, around a line. */
export function siblings(lines: string[], line: number, indent: number): Set<string> {
  const keys = new Set<string>();
  const look = (from: number, step: number) => {
    for (let i = from; i >= 0 && i < lines.length; i += step) {
      const text = lines[i] ?? "";
      if (/^\s*(#|$)/.test(text)) {
        continue;
      }
      const found = keyOf(text);
      const depth = found?.indent ?? /^\s*/.exec(text)?.[0].length ?? 0;
      if (depth < indent) {
        return;
      }
      if (found?.indent === indent) {
        keys.add(found.key);
      }
    }
  };
  look(line - 1, -1);
  look(line + 1, 1);
  return keys;
}

/** What a setting may be, in words. */
export function valuesOf(node: Node): string[] {
  const of = node.enum ? node : node.items?.enum ? node.items : undefined;
  if (of?.enum) {
    return of.enum.map((v) => (v === null ? "null" : String(v)));
  }
  return [node.type].flat().includes("boolean") ? ["true", "false"] : [];
}

/** What is known of a setting, as sentences; inWords says what a default is. */
export function said(node: Node, inWords: (node: Node) => string): string {
  const known = [node.description ?? ""];
  const values = valuesOf(node);
  if (values.length > 0) {
    known.push(`May be ${values.join(", ")}.`);
  } else if (node["x-expects"]) {
    known.push(`Expects ${node["x-expects"]}.`);
  }
  if (node.minimum !== undefined && node.maximum !== undefined) {
    known.push(`From ${node.minimum} to ${node.maximum}.`);
  }
  if (node.writeOnly) {
    known.push("A secret: ******** leaves it as it is.");
  }
  if (!node.properties && (node.default !== undefined || node["x-default"] !== undefined)) {
    known.push(`Default: ${inWords(node)}.`);
  }
  return known.filter(Boolean).join(" ");
}

/** A note put into a document, for the version; undefined where the document has one, or is no plain YAML. */
export function noted(text: string, note: string): string | undefined {
  if (note === "") {
    return text;
  }
  if (!notable(text)) {
    return undefined;
  }
  return `${text.replace(/\s*$/, "\n")}note: ${JSON.stringify(note)}\n`;
}

/** Whether a note can be put into a document. */
export const notable = (text: string): boolean => !/^(note:|["']note["']:|\{|\.\.\.)/m.test(text);
