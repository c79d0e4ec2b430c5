import type { QueryClient, QueryKey } from "@tanstack/react-query";
import { admin } from "../api/client";
import { readOn } from "./log";
import { byCursor } from "./pages";

interface Context {
  client: QueryClient;
  queryKey: QueryKey;
  pageParam?: unknown;
  signal: AbortSignal;
}

/** Options of api.useInfiniteQuery for a log of the admin API, in place of byCursor. */
export const asLog = {
  ...byCursor,
  refetchOnWindowFocus: true,
  refetchOnReconnect: true,
  refetchOnMount: true,
  queryFn: ({ client, queryKey, pageParam, signal }: Context) => {
    const [, path, init] = queryKey as ["get", "/admin/v1/audit", { params: { query?: object } }];
    return readOn(client.getQueryData(queryKey), (pageParam as string | null) ?? null, async (cursor) => {
      const query = { ...init.params.query, ...(cursor === null ? {} : { cursor }) };
      const { data, error } = await admin.GET(path, { signal, params: { ...init.params, query } });
      if (error) {
        throw error;
      }
      return data;
    });
  },
};
