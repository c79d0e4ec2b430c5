import type { InfiniteData } from "@tanstack/react-query";
import { type ListPage, rowsOf } from "./pages";

/**
 * For refetchInterval of a list: it is read again every few seconds while something on its first page is on its way. Whoever has asked for
 * more pages is left to read.
 */
export function whileAny<T>(onItsWay: (row: T) => boolean) {
  return (query: { state: { data?: InfiniteData<ListPage<T>> } }): number | false =>
    query.state.data?.pages.length === 1 && rowsOf(query.state.data).some(onItsWay) ? 4000 : false;
}
