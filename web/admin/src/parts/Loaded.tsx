import { Skeleton, Stack, VisuallyHidden } from "@mantine/core";
import type { ReactNode } from "react";
import { Failure } from "./Failure";

/** As much of a query as this needs. */
interface Loading<T> {
  data: T | undefined;
  error: unknown;
  refetch: () => unknown;
}

/** What a query brought: bars in its place while it is on its way, what went wrong if it did, and what was there before meanwhile. */
export function Loaded<T>(props: { query: Loading<T>; lines?: number; children: (data: T) => ReactNode }) {
  const { query, lines = 5 } = props;
  if (query.data !== undefined) {
    return (
      <>
        {query.error ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
        {props.children(query.data)}
      </>
    );
  }
  if (query.error) {
    return <Failure error={query.error} retry={() => void query.refetch()} />;
  }
  return <Bars lines={lines} />;
}

/** Bars in the place of what is on its way. */
export function Bars({ lines = 5 }: { lines?: number }) {
  return (
    <Stack gap="sm" aria-busy="true">
      <VisuallyHidden role="status">Loading</VisuallyHidden>
      {Array.from({ length: lines }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: bars have no other name
        <Skeleton key={i} height={34} />
      ))}
    </Stack>
  );
}
