// Cuts a file into the chunks of an import, at the same places as the command line does, so that one can go on where the other broke off.
// All of it is about bytes: no other character of UTF-8 has the byte of a line's end or of a quote in it.
import { number } from "../../parts/words";

/** The longest chunk that the server takes, in bytes. */
const mostChunk = 1 << 20;

export interface Chunk {
  /** From 1 on. */
  number: number;
  body: Uint8Array;
  /** How many rows it has, as far as can be told without reading them. */
  rows: number;
  /** How much of the file there is up to its end, in bytes. */
  end: number;
}

/** A line that fits into no chunk. */
export class LongLine extends Error {
  constructor(readonly line: number) {
    super(
      `Line ${number(line)} is longer than 1 MiB. Each row must stand on a line of its own, and have 256 KiB at most.`,
    );
  }
}

const lineEnd = 0x0a;
const quote = 0x22;

function quotesIn(line: Uint8Array): number {
  let n = 0;
  for (let i = line.indexOf(quote); i >= 0; i = line.indexOf(quote, i + 1)) {
    n++;
  }
  return n;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

/** Chunks of what comes in slices, cut where lines end and, of CSV, where no quote is open if that can be. */
export async function* chunksOf(
  slices: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  csv: boolean,
  most = mostChunk,
) {
  let rest: Uint8Array = new Uint8Array(0); // what is in no chunk yet
  let begin = 0; // where in it the line begins that is looked at
  let cut = 0; // where it can be cut
  let [rows, rowsAtCut] = [csv ? -1 : 0, csv ? -1 : 0]; // a header is no row
  let open = false; // whether a quote is
  let [number, line, end] = [0, 0, 0];

  const next = (at: number, n: number): Chunk => {
    number++;
    end += at;
    const chunk = { number, body: rest.slice(0, at), rows: Math.max(n, 0), end };
    rest = rest.slice(at);
    begin -= at;
    rows -= Math.max(n, 0);
    [cut, rowsAtCut] = [0, 0];
    return chunk;
  };
  // A line that ends at a place. It may not fit any more, and have what is before it become a chunk.
  const take = function* (to: number): Generator<Chunk> {
    let at = to;
    line++;
    if (at - begin > most) {
      throw new LongLine(line);
    }
    while (at > most) {
      const chunk = cut > 0 ? next(cut, rowsAtCut) : next(begin, rows);
      at -= chunk.body.length;
      yield chunk;
    }
    const text = rest.subarray(begin, at);
    open = csv && open !== (quotesIn(text) % 2 === 1);
    if (!open) {
      rows += text.some((byte) => byte > 0x20) ? 1 : 0;
      [cut, rowsAtCut] = [at, rows];
    }
    begin = at;
  };

  for await (const slice of slices) {
    let from = rest.length;
    rest = joined(rest, slice);
    for (let i = rest.indexOf(lineEnd, from); i >= 0; i = rest.indexOf(lineEnd, from)) {
      from = i + 1;
      for (const chunk of take(from)) {
        from -= chunk.body.length;
        yield chunk;
      }
    }
    if (rest.length - begin > most) {
      throw new LongLine(line + 1);
    }
  }
  if (begin < rest.length) {
    yield* take(rest.length);
  }
  if (rest.length > 0) {
    yield next(rest.length, rows);
  }
}

/** A file, read in slices, so that it need not fit into memory. */
export async function* slicesOf(file: Blob, size = mostChunk): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.size; at += size) {
    yield new Uint8Array(await file.slice(at, at + size).arrayBuffer());
  }
}

export type Format = "ndjson" | "csv";

/** What a file is by its name and how it begins, and what is wrong with it at first sight. */
export function looksLike(name: string, head: string): { format: Format; fault?: string } {
  const text = head.replace(/^\ufeff/, "").trimStart();
  const format =
    /\.csv$/i.test(name) || (!/\.(ndjson|jsonl|json)$/i.test(name) && !/^[{[]/.test(text)) ? "csv" : "ndjson";
  if (text === "") {
    return { format, fault: "The file is empty." };
  }
  if (head.includes("\0") || text.startsWith("PK\u0003\u0004") || text.startsWith("\u001f\ufffd")) {
    return { format, fault: "This is not text in UTF-8. Unpack it first, or save it as UTF-8." };
  }
  if (text.startsWith("[")) {
    return {
      format,
      fault: "This is one JSON array. Put one object on each line, without commas between them: jq -c '.[]' does that.",
    };
  }
  if (format === "ndjson" && !text.startsWith("{")) {
    return { format, fault: "Each line must be a JSON object, in braces." };
  }
  return { format };
}
