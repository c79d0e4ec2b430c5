// Merge patches (RFC 7396) and what they change: pure functions, so that a conflict of two operators is decided by arithmetic alone.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

const isObject = (v: unknown): v is JsonObject => typeof v === "object" && v !== null && !Array.isArray(v);

// Documents are written by people, and a key may be any word: toString and __proto__ are keys like others, and nothing but what a document
// itself has under them counts.
const own = (from: JsonObject, key: string): Json | undefined => (Object.hasOwn(from, key) ? from[key] : undefined);
const put = (into: JsonObject, key: string, value: Json) =>
  Object.defineProperty(into, key, { value, configurable: true, enumerable: true, writable: true });

/** Whether two values are the same. The order of keys does not matter, that of lists does. */
export function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((v, i) => same(v, b[i]));
  }
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((k) => Object.hasOwn(b, k) && same(a[k], b[k]));
  }
  return a === b;
}

/** The patch that makes one object of another. What is gone is null in it; lists are replaced whole. */
export function patchOf(before: JsonObject, after: JsonObject): JsonObject {
  const patch: JsonObject = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now] = [own(before, key), own(after, key)];
    if (same(old, now)) {
      continue;
    }
    if (now === undefined) {
      put(patch, key, null);
    } else if (isObject(old) && isObject(now)) {
      put(patch, key, patchOf(old, now));
    } else {
      put(patch, key, now);
    }
  }
  return patch;
}

/** What a patch makes of an object (RFC 7396, section 2). */
export function patched(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) {
    return patch;
  }
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      delete result[key];
    } else {
      put(result, key, patched(own(result, key), value));
    }
  }
  return result;
}

/** One value that is different. */
export interface Difference {
  path: string[];
  before: Json | undefined;
  after: Json | undefined;
}

// An object beside another or beside nothing is looked into: what two people set in a section that was not there yet need not clash.
const isSection = (a: Json | undefined, b: Json | undefined): boolean =>
  isObject(a) && Object.keys(a).length > 0 && (b === undefined || isObject(b));

/** All values that are different, each at the deepest place. */
export function differences(before: JsonObject, after: JsonObject, at: string[] = []): Difference[] {
  const found: Difference[] = [];
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now] = [own(before, key), own(after, key)];
    const path = [...at, key];
    if (same(old, now)) {
      continue;
    }
    if (isSection(old, now) || isSection(now, old)) {
      found.push(...differences((old ?? {}) as JsonObject, (now ?? {}) as JsonObject, path));
    } else {
      found.push({ path, before: old, after: now });
    }
  }
  return found;
}

/** The value at a path; undefined if there is none. */
export function valueAt(from: Json | undefined, path: string[]): Json | undefined {
  let value: Json | undefined = from;
  for (const key of path) {
    if (!isObject(value) || !Object.hasOwn(value, key)) {
      return undefined;
    }
    value = value[key];
  }
  return value;
}

/** The same object with another value at a path; undefined takes it away, and with it what is then empty. */
export function withValue(from: JsonObject, path: string[], value: Json | undefined): JsonObject {
  const [key, ...rest] = path;
  if (key === undefined) {
    return from;
  }
  const result = { ...from };
  let next: Json | undefined = value;
  if (rest.length > 0) {
    const inner = own(from, key);
    next = withValue(isObject(inner) ? inner : {}, rest, value);
    if (value === undefined && Object.keys(next).length === 0) {
      next = undefined;
    }
  }
  if (next === undefined) {
    delete result[key];
  } else {
    put(result, key, next);
  }
  return result;
}

/** What was done to one object, done to another: what is typed while a draft is being saved goes on top of what the save answers. */
export function rebased(from: JsonObject, to: JsonObject, onto: JsonObject): JsonObject {
  return differences(from, to).reduce((now, { path, after }) => withValue(now, path, after), onto);
}

/** What two people did to the same thing. */
export interface Merge {
  /** Theirs, with mine on top where they do not touch each other. */
  merged: JsonObject;
  /** What both changed, and not alike: base is before both. */
  clashes: { path: string[]; base: Json | undefined; mine: Json | undefined; theirs: Json | undefined }[];
}

/** Puts my changes on top of theirs. Where both changed the same, theirs stays until somebody chooses. */
export function merge(base: JsonObject, mine: JsonObject, theirs: JsonObject): Merge {
  const ours = differences(base, mine);
  const others = differences(base, theirs);
  const within = (a: string[], b: string[]) => a.length <= b.length && a.every((key, i) => key === b[i]);
  let merged = theirs;
  const clashes: Merge["clashes"] = [];
  for (const change of ours) {
    const now = valueAt(theirs, change.path);
    const touched = others.some((o) => within(o.path, change.path) || within(change.path, o.path));
    if (!touched) {
      merged = withValue(merged, change.path, change.after);
    } else if (!same(now, change.after)) {
      clashes.push({ path: change.path, base: change.before, mine: change.after, theirs: now });
    }
  }
  return { merged, clashes };
}
