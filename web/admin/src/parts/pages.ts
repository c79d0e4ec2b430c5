import type { InfiniteData } from "@tanstack/react-query";

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
};

/** All rows of the pages that are here. */
export function rowsOf<T>(data: InfiniteData<ListPage<T>> | undefined): T[] {
  return data?.pages.flatMap((page) => page.items) ?? [];
}
