import type { ReactNode } from "react";
import { Failure } from "./Failure";
import type { Loaded } from "./useLoaded";

/** Draws what was loaded or, until then, that it is on its way or why it is not. */
export function Ready<T>({ of, children }: { of: Loaded<T>; children: (data: T) => ReactNode }) {
  if (of.data !== undefined) {
    return children(of.data);
  }
  if (of.error === undefined) {
    return <p className="loading">One moment…</p>;
  }
  return (
    <div className="stack">
      <Failure error={of.error} />
      <button type="button" onClick={of.reload}>
        Try again
      </button>
    </div>
  );
}
