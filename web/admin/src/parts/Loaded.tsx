import { Skeleton, Stack, VisuallyHidden } from "@mantine/core";
import { createContext, type ReactNode, useContext } from "react";
import { passes } from "../api/problem";
import { readFailed } from "../api/queries";
import { Failure } from "./Failure";

/** As much of a query as this needs. */
interface Loading<T> {
  data: T | undefined;
  error: unknown;
}

/** Whether what stands around this has said already that the server cannot be reached. */
const Told = createContext(false);

/** That a query failed, unless that is said already. Trying again reads whatever else failed with it. */
export function Failed({ error }: { error: unknown }) {
  const told = useContext(Told);
  return told && passes(error) ? null : <Failure error={error} retry={() => void readFailed()} />;
}

/** What a query brought: bars in its place while it is on its way, what went wrong if it did, and what was there before meanwhile. */
export function Loaded<T>(props: { query: Loading<T>; lines?: number; children: (data: T) => ReactNode }) {
  const { query, lines = 5 } = props;
  const told = useContext(Told);
  if (query.data !== undefined) {
    return (
      <>
        {query.error ? <Failed error={query.error} /> : null}
        <Told.Provider value={told || (Boolean(query.error) && passes(query.error))}>
          {props.children(query.data)}
        </Told.Provider>
      </>
    );
  }
  if (query.error) {
    return <Failed error={query.error} />;
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
