// What a key does, and when it does something else, in words and as parts of a line.
import type { Schema } from "../../api/client";

export type Key = Schema<"Key">;

export const states: Record<Key["state"], { label: string; colour: string; means: string }> = {
  next: { label: "Next", colour: "blue", means: "It is published, and does not sign yet." },
  active: { label: "Signs", colour: "green", means: "New tokens are signed with it." },
  retired: {
    label: "Retired",
    colour: "gray",
    means: "It signs no more, and stays published until its last token has expired.",
  },
};

export const origins: Record<Key["origin"], string> = {
  generated: "made by the server",
  imported: "imported",
  settings: "given in the settings",
};

/** A stretch of a key's life: published before it signs, signing, and known after it. */
interface Stretch {
  kind: "published" | "signing" | "known";
  /** Per cent of the line. */
  from: number;
  to: number;
}

/** The lives of keys on one line, which begins with the first of them and ends a little after the last. */
export function timeline(keys: Key[], now: Date): { now: number; of: Stretch[][] } {
  const at = (v: string | null) => (v === null ? undefined : new Date(v).getTime());
  const times = keys.flatMap((k) => [k.created_at, k.signs_from, k.retires_at, k.known_until].map(at));
  const known = times.filter((t) => t !== undefined);
  if (!known.some((t) => t > now.getTime())) {
    // Where nothing else is to come, the next rotation is; beside anything sooner it would dwarf that.
    known.push(...keys.map((k) => at(k.rotates_at)).filter((t) => t !== undefined));
  }
  const first = Math.min(...known, now.getTime());
  const last = Math.max(...known, now.getTime());
  const span = Math.max(last - first, 1) * 1.04;
  const place = (t: number) => Math.min(100, Math.max(0, ((t - first) / span) * 100));
  return {
    now: place(now.getTime()),
    of: keys.map((k) => {
      const made = at(k.created_at) ?? first;
      const signs = at(k.signs_from) ?? made;
      const retires = at(k.retires_at);
      const end = retires ?? Math.max(last, signs + span * 0.04);
      const gone = at(k.known_until);
      const all: Stretch[] = [
        { kind: "published", from: place(made), to: place(signs) },
        { kind: "signing", from: place(signs), to: place(Math.max(end, signs)) },
      ];
      if (retires !== undefined) {
        all.push({ kind: "known", from: place(retires), to: place(gone ?? last) });
      }
      return all.filter((s) => s.to > s.from);
    }),
  };
}
