// Lists that only ever grow at their beginning, and whose rows never change, such as logs. Reading one again is reading what is new: what was
// read before stays, however much of it there is.
import type { InfiniteData } from "@tanstack/react-query";
import type { ListPage } from "./pages";

interface Row {
  id: string;
}

type Read = (cursor: string | null) => Promise<ListPage<Row>>;

/** How far back what is new is looked for, and how long the beginning of the list may grow; beyond that it begins anew. */
const most = { pages: 10, rows: 1000 };

/**
 * One page of a log that is read again, given what there was. The first page is what is new before what was there; the others stay. A page
 * that was not there yet is read.
 */
export async function readOn(
  old: InfiniteData<ListPage<Row>> | undefined,
  cursor: string | null,
  read: Read,
): Promise<ListPage<Row>> {
  if (!old || old.pages.length < 2) {
    return read(cursor);
  }
  if (cursor !== null) {
    return old.pages[old.pageParams.indexOf(cursor)] ?? read(cursor);
  }
  const kept = old.pages[0] as ListPage<Row>;
  const known = new Set(kept.items.map((row) => row.id));
  const fresh: Row[] = [];
  const first = await read(null);
  let page = first;
  for (let n = 1; ; n++) {
    const news = page.items.filter((row) => !known.has(row.id));
    fresh.push(...news);
    if (news.length < page.items.length) {
      break;
    }
    if (!page.next_cursor || n === most.pages) {
      return first;
    }
    page = await read(page.next_cursor);
  }
  return fresh.length + kept.items.length > most.rows ? first : { ...kept, items: [...fresh, ...kept.items] };
}
