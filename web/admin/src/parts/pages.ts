import type { InfiniteData } from "@tanstack/react-query";

interface Kept {
  state: { data?: unknown; isInvalidated: boolean };
}

/**
 * Whether a list is short enough to be read again just to be sure. Of a longer one every page would be; that is for when something was
 * changed.
 */
export function short(list: Kept): boolean {
  return ((list.state.data as InfiniteData<unknown> | undefined)?.pages.length ?? 0) < 2;
}

/** A page of a list, as every list of the admin API comes. */
export interface ListPage<T> {
  items: T[];
  next_cursor?: string | null;
}

/** Options of api.useInfiniteQuery for such lists: api.useInfiniteQuery("get", "/admin/v1/tenants", {…}, byCursor). */
export const byCursor = {
  pageParamName: "cursor",
  initialPageParam: null as unknown as string, // undefined would be sent as 0, null is left out
  getNextPageParam: (last: { next_cursor?: string | null }) => last.next_cursor ?? undefined,
  refetchOnWindowFocus: short,
  refetchOnReconnect: short,
  refetchOnMount: (list: Kept) => short(list) || list.state.isInvalidated,
};

/** All rows of the pages that are here. */
export function rowsOf<T>(data: InfiniteData<ListPage<T>> | undefined): T[] {
  return data?.pages.flatMap((page) => page.items) ?? [];
}
