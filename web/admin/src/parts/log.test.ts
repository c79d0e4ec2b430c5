import { expect, test } from "vitest";
import { readOn } from "./log";

/** A log of as many events, three to a page, that counts how often it is read. */
function logOf(n: number) {
  const asked: (string | null)[] = [];
  const state = { n, asked };
  const read = (cursor: string | null) => {
    asked.push(cursor);
    const from = cursor === null ? state.n : Number(cursor) - 1;
    const ids = [from, from - 1, from - 2].filter((id) => id > 0);
    const last = ids.at(-1) ?? 0;
    return Promise.resolve({
      items: ids.map((id) => ({ id: String(id) })),
      next_cursor: last > 1 ? String(last) : null,
    });
  };
  return { state, read };
}

/** Reads as many pages again as there are, as the library does. */
async function again(old: Parameters<typeof readOn>[0], pages: number, read: Parameters<typeof readOn>[2]) {
  const all: { pages: Awaited<ReturnType<typeof readOn>>[]; pageParams: unknown[] } = { pages: [], pageParams: [] };
  let cursor: string | null = null;
  for (let n = 0; n < pages; n++) {
    const page = await readOn(old, cursor, read);
    all.pages.push(page);
    all.pageParams.push(cursor);
    cursor = page.next_cursor ?? null;
    if (cursor === null) {
      break;
    }
  }
  return all;
}

const ids = (all: { pages: { items: { id: string }[] }[] }) => all.pages.flatMap((p) => p.items.map((r) => r.id));

test("a log that is read again reads what is new, and keeps the rest", async () => {
  const { state, read } = logOf(20);
  const old = await again(undefined, 4, read);
  expect(ids(old).length).toBe(12);
  state.asked.length = 0;
  state.n = 22;
  const now = await again(old, 4, read);
  expect(state.asked).toEqual([null]);
  expect(ids(now)).toEqual(["22", "21", ...ids(old)]);
  expect(now.pageParams).toEqual(old.pageParams);
});

test("more news than a page has are read without a gap", async () => {
  const { state, read } = logOf(20);
  const old = await again(undefined, 2, read);
  state.asked.length = 0;
  state.n = 28;
  const now = await again(old, 2, read);
  expect(state.asked).toEqual([null, "26", "23"]);
  expect(ids(now)).toEqual(["28", "27", "26", "25", "24", "23", "22", "21", ...ids(old)]);
});

test("so much news that nobody reads it begins the list anew, without a gap", async () => {
  const { state, read } = logOf(20);
  const old = await again(undefined, 2, read);
  state.n = 200;
  expect(ids(await again(old, 2, read))).toEqual(["200", "199", "198", "197", "196", "195"]);
});

test("an older page, and a single page, are read", async () => {
  const { state, read } = logOf(20);
  const old = await again(undefined, 2, read);
  state.asked.length = 0;
  expect(ids({ pages: [await readOn(old, "15", read)] })).toEqual(["14", "13", "12"]);
  const one = { pages: old.pages.slice(0, 1), pageParams: [null] };
  state.n = 21;
  expect(ids(await again(one, 1, read))).toEqual(["21", "20", "19"]);
});
