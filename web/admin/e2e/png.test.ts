import { deflateSync, inflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { withPalette } from "./png";

/** A PNG without checksums, which the decoder does not look at. */
function png(width: number, height: number, rows: number[]): Buffer {
  const chunk = (type: string, body: Buffer) => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(body.length, 0);
    head.write(type, 4, "latin1");
    return Buffer.concat([head, body, Buffer.alloc(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", deflateSync(Buffer.from(rows)))]);
}

function chunks(file: Buffer): Record<string, Buffer> {
  const found: Record<string, Buffer> = {};
  for (let at = 8; at < file.length; at += file.readUInt32BE(at) + 12) {
    found[file.toString("latin1", at + 4, at + 8)] = file.subarray(at + 8, at + 8 + file.readUInt32BE(at));
  }
  return found;
}

test("a picture keeps its few colours", () => {
  // Two rows of two: red and blue as they are, then the same by what they differ in from above (filter 2) but for one that is white.
  const small = chunks(withPalette(png(2, 2, [0, 255, 0, 0, 0, 0, 255, 2, 0, 0, 0, 255, 255, 0])));
  expect([...(small.PLTE ?? [])]).toEqual([255, 0, 0, 0, 0, 255, 255, 255, 255]);
  expect([...inflateSync(small.IDAT ?? Buffer.alloc(0))]).toEqual([0, 0, 1, 0, 0, 2]);
});

test("one with more colours than a palette has keeps those that are most of it", () => {
  const rows: number[] = [];
  for (let y = 0; y < 40; y++) {
    rows.push(0);
    for (let x = 0; x < 40; x++) {
      rows.push(...(x < 20 ? [10, 200, 30] : [x * 6, y * 6, (x + y) * 3]));
    }
  }
  const small = chunks(withPalette(png(40, 40, rows)));
  const palette = [...(small.PLTE ?? [])];
  expect(palette.length / 3).toBeLessThanOrEqual(256);
  const place = inflateSync(small.IDAT ?? Buffer.alloc(0))[1] ?? 0;
  expect(palette.slice(place * 3, place * 3 + 3)).toEqual([10, 200, 30]);
});

test("what is no picture of Chromium's is refused", () => {
  expect(() => withPalette(Buffer.from("GIF89a"))).toThrow("no PNG");
});
