import { expect, test } from "vitest";
import { type Chunk, chunksOf, LongLine, looksLike, slicesOf } from "./chunks";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (chunk: Chunk) => new TextDecoder("utf-8", { fatal: true }).decode(chunk.body);

/** The chunks of a text that comes in slices of some bytes each. */
async function cut(whole: string, csv: boolean, most: number, slice: number): Promise<Chunk[]> {
  const all = bytes(whole);
  const slices: Uint8Array[] = [];
  for (let i = 0; i < all.length; i += slice) {
    slices.push(all.subarray(i, i + slice));
  }
  const found: Chunk[] = [];
  for await (const chunk of chunksOf(slices, csv, most)) {
    found.push(chunk);
  }
  return found;
}

test("chunks end where lines do, whatever slices the file comes in", async () => {
  const whole = '{"a":1}\n{"b":22}\r\n\n{"name":"Zoë 🌻"}\n{"d":4}';
  for (let slice = 1; slice <= bytes(whole).length; slice++) {
    for (const most of [24, 30, 100]) {
      const chunks = await cut(whole, false, most, slice);
      expect(chunks.map(text).join("")).toBe(whole);
      expect(chunks.map((c) => c.number)).toEqual(chunks.map((_, i) => i + 1));
      expect(chunks.reduce((n, c) => n + c.rows, 0)).toBe(4);
      expect(chunks.at(-1)?.end).toBe(bytes(whole).length);
      for (const [i, chunk] of chunks.entries()) {
        expect(chunk.body.length).toBeLessThanOrEqual(most);
        expect(i === chunks.length - 1 || text(chunk).endsWith("\n")).toBe(true);
      }
      expect(chunks).toEqual(await cut(whole, false, most, 1000));
    }
  }
});

test("a chunk is as full as it can be", async () => {
  const chunks = await cut("aa\nbb\ncc\ndd\n", false, 6, 5);
  expect(chunks.map(text)).toEqual(["aa\nbb\n", "cc\ndd\n"]);
  expect((await cut("aa\nbb\ncc\ndd\n", false, 7, 5)).map(text)).toEqual(["aa\nbb\n", "cc\ndd\n"]);
  expect((await cut("aa\nbb\n", false, 6, 5)).map(text)).toEqual(["aa\nbb\n"]);
});

test("a file without a last line's end, one of blank lines, and none at all", async () => {
  expect((await cut("aa\nbb", false, 4, 2)).map(text)).toEqual(["aa\n", "bb"]);
  expect((await cut("\n\n\n", false, 100, 2)).map((c) => c.rows)).toEqual([0]);
  expect(await cut("", false, 100, 1)).toEqual([]);
});

test("CSV is not cut within quotes, and its header is no row", async () => {
  const whole = 'email,name\r\na@x.org,"Ann\r\nLee"\r\nb@x.org,"B ""the"" B"\r\n';
  for (let slice = 1; slice < 30; slice++) {
    const chunks = await cut(whole, true, 34, slice);
    expect(chunks.map(text)).toEqual(['email,name\r\na@x.org,"Ann\r\nLee"\r\n', 'b@x.org,"B ""the"" B"\r\n']);
    expect(chunks.map((c) => c.rows)).toEqual([1, 1]);
  }
  // As NDJSON, the same would be cut anywhere.
  expect((await cut(whole, false, 28, 7)).map(text)[0]).toBe('email,name\r\na@x.org,"Ann\r\n');
});

test("a quote that does not end does not keep the file from being cut", async () => {
  const chunks = await cut('email\n"a\nb\nc\nd\ne\nf\n', true, 8, 3);
  expect(chunks.map(text).join("")).toBe('email\n"a\nb\nc\nd\ne\nf\n');
  expect(chunks.every((c) => c.body.length <= 8)).toBe(true);
});

test("a line that fits into no chunk is named", async () => {
  await expect(cut("aa\nbbbbbbbb\n", false, 6, 2)).rejects.toThrow(LongLine);
  await expect(cut("aa\nbbbbbbbb\n", false, 6, 2)).rejects.toMatchObject({ line: 2 });
  await expect(cut("aa\nbbbbbbbb", false, 6, 100)).rejects.toMatchObject({ line: 2 });
});

test("files are read in slices", async () => {
  const sizes: number[] = [];
  for await (const slice of slicesOf(new Blob(["0123456789"]), 4)) {
    sizes.push(slice.length);
  }
  expect(sizes).toEqual([4, 4, 2]);
});

test("what a file is, is told by its name and its beginning", () => {
  expect(looksLike("users.CSV", "email\n")).toEqual({ format: "csv" });
  expect(looksLike("users.jsonl", '{"email"')).toEqual({ format: "ndjson" });
  expect(looksLike("dump.txt", '\ufeff {"email"')).toEqual({ format: "ndjson" });
  expect(looksLike("dump.txt", "email,name")).toEqual({ format: "csv" });
  expect(looksLike("users.json", ' [{"email"').fault).toMatch(/one JSON array/);
  expect(looksLike("users.ndjson", "email,name").fault).toMatch(/JSON object/);
  expect(looksLike("users.csv", "  \n").fault).toMatch(/empty/);
  expect(looksLike("users.csv", "e\0m\0").fault).toMatch(/UTF-8/);
});
