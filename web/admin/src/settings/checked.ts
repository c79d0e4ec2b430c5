// What would be said of a draft if it were saved, and what front ends would then be told: asked of the server a moment after each change.
// No query of it is kept, since a draft may hold secrets.
import { useEffect, useMemo, useState } from "react";
import { admin, type Schema } from "../api/client";
import { faultsOf, isProblem } from "../api/problem";
import { type JsonObject, patchOf } from "./patch";

export type Preview = Schema<"SignInPreview">;

export interface Checked {
  faults: Record<string, string>;
  /** What front ends would be told of the last draft that nothing was wrong with. */
  preview: Preview | undefined;
  /** What failed, unless it is faults. */
  error: unknown;
  busy: boolean;
}

const pause = 350;

export function useChecked(slug: string, base: JsonObject, mine: JsonObject, always: boolean): Checked {
  const patch = useMemo(() => patchOf(base, mine), [base, mine]);
  const idle = Object.keys(patch).length === 0 && !always;
  const [checked, setChecked] = useState<Checked>({ faults: {}, preview: undefined, error: undefined, busy: !idle });
  useEffect(() => {
    if (idle) {
      setChecked((was) => ({ ...was, faults: {}, error: undefined, busy: false }));
      return;
    }
    setChecked((was) => ({ ...was, busy: true }));
    const gone = new AbortController();
    const ask = async () => {
      try {
        const { data, error } = await admin.POST("/admin/v1/tenants/{slug}/sign-in-preview", {
          params: { path: { slug } },
          body: patch as Schema<"TenantPatch">,
          headers: { "Content-Type": "application/merge-patch+json" },
          signal: gone.signal,
        });
        if (data) {
          setChecked({ faults: {}, preview: data, error: undefined, busy: false });
        } else if (isProblem(error, "invalid")) {
          setChecked((was) => ({ ...was, faults: faultsOf(error), error: undefined, busy: false }));
        } else {
          setChecked((was) => ({ ...was, faults: {}, error, busy: false }));
        }
      } catch (error) {
        if (!gone.signal.aborted) {
          setChecked((was) => ({ ...was, faults: {}, error, busy: false }));
        }
      }
    };
    const timer = setTimeout(ask, Object.keys(patch).length === 0 ? 0 : pause);
    return () => {
      clearTimeout(timer);
      gone.abort();
    };
  }, [slug, patch, idle]);
  return checked;
}
