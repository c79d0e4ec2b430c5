// Metadata as a person edits them: text that must be a JSON object. They are sent as a merge patch, so that what somebody else changed
// meanwhile elsewhere in them stays.
import { number } from "../../parts/words";
import type { Json, JsonObject } from "../../settings/patch";

/** The most that the server keeps, in bytes. */
const mostMetadata = 16 * 1024;

/** The object that a text is; none where it is no object. Nothing at all is an empty one. */
export function metadataOf(text: string): JsonObject | undefined {
  if (text.trim() === "") {
    return {};
  }
  try {
    const value: Json = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function holdsNull(value: Json): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.values(value).some((v) => v === null || holdsNull(v))
    : false;
}

/** What is wrong with a text as metadata. */
export function metadataFault(text: string): string | undefined {
  const value = metadataOf(text);
  if (value === undefined) {
    return "This must be a JSON object: names and values in braces.";
  }
  if (holdsNull(value)) {
    return "null cannot be kept. Leave the name out instead.";
  }
  const size = new TextEncoder().encode(JSON.stringify(value)).length;
  return size > mostMetadata ? `This has ${number(size)} bytes. 16 KiB is the most.` : undefined;
}

/** Metadata as text. */
export const written = (value: unknown): string =>
  typeof value === "object" && value !== null && Object.keys(value).length > 0 ? JSON.stringify(value, null, 2) : "{}";
