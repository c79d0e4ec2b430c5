// Which intervals a screen counts by. It stands in the address.
import { keepPreviousData } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { api } from "../api/client";
import type { Interval } from "./series";

export function useInterval(): [Interval, (to: Interval) => void] {
  const { interval } = useSearch({ strict: false }) as { interval?: string };
  const navigate = useNavigate();
  const given = interval === "hour" || interval === "month" ? interval : "day";
  return [
    given,
    (to) =>
      void navigate({
        to: ".",
        search: ((old: object) => ({ ...old, interval: to === "day" ? undefined : to })) as never,
        replace: true,
        resetScroll: false,
      }),
  ];
}

const kept = { placeholderData: keepPreviousData, refetchInterval: 60_000 };

/** What was counted of a tenant or, without one, of the platform. */
export function useStats(slug: string | undefined, interval: Interval, enabled = true) {
  const query = { interval };
  const platform = api.useQuery(
    "get",
    "/admin/v1/stats",
    { params: { query } },
    { ...kept, enabled: enabled && slug === undefined },
  );
  const tenant = api.useQuery(
    "get",
    "/admin/v1/tenants/{slug}/stats",
    { params: { path: { slug: slug ?? "" }, query } },
    { ...kept, enabled: enabled && slug !== undefined },
  );
  return slug === undefined ? platform : tenant;
}
