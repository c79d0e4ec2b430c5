// A draft of a tenant: what somebody is changing on a screen, before it is saved. It begins with the tenant as it was read, and is saved
// as a merge patch with that version in If-Match: if somebody else was faster, both are shown (Conflict).

import { useBlocker } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { admin, api, type Schema } from "../api/client";
import { faultsOf, isProblem } from "../api/problem";
import { queries } from "../api/queries";
import { type Difference, differences, type Json, type JsonObject, patchOf, same, valueAt, withValue } from "./patch";

export type Tenant = Schema<"Tenant">;

/** What can be changed of a tenant on a screen. */
const editable = (t: Tenant): JsonObject => ({ name: t.name, hosts: t.hosts, config: t.config as JsonObject });

export interface Draft {
  slug: string;
  /** The tenant as it was when the draft began. */
  tenant: Tenant;
  /** The tenant's name, hosts and config as they would be. */
  mine: JsonObject;
  /** The same before the draft. */
  base: JsonObject;
  changes: Difference[];
  /** What is wrong with the draft, by path: as it was told when it was saved, or, before that, checked. */
  faults: Record<string, string>;
  saving: boolean;
  /** What failed, unless it is faults or a conflict. */
  error: unknown;
  /** What the tenant is by now, where somebody else changed it meanwhile. */
  theirs: Tenant | undefined;
  /** The value of a path such as config.account.login_methods. */
  value: (path: string) => Json | undefined;
  /** Sets it; undefined has it be at its default. */
  set: (path: string, value: Json | undefined) => void;
  /** Sets several at once. */
  setAll: (values: Record<string, Json | undefined>) => void;
  replace: (mine: JsonObject) => void;
  discard: () => void;
  save: (note?: string) => Promise<boolean>;
  /** Takes a choice between mine and theirs as the draft, on top of theirs. */
  settle: (merged: JsonObject) => void;
}

/** The tenant of a screen. Whoever does not read it is told what others have read. */
export function useTenant(slug: string, read = true) {
  // The same path answers with a document in YAML to whoever asks for that, which the type cannot tell apart.
  return api.useQuery(
    "get",
    "/admin/v1/tenants/{slug}",
    { params: { path: { slug } } },
    { select: (d) => d as Tenant, enabled: read },
  );
}

/** A draft of a tenant that was read. Leaving the screen asks before a draft is lost. */
export function useDraft(tenant: Tenant): Draft {
  const [base, setBase] = useState<Tenant>(tenant);
  const [edited, setEdited] = useState<JsonObject>();
  const [faults, setFaults] = useState<Record<string, string>>({});
  const [error, setError] = useState<unknown>();
  const [saving, setSaving] = useState(false);
  const [theirs, setTheirs] = useState<Tenant>();
  const start = edited ? base : tenant; // what is not being edited follows the server
  const before = useMemo(() => editable(start), [start]);
  const mine = edited ?? before;
  const changes = useMemo(() => differences(before, mine), [before, mine]);
  useBlocker({
    shouldBlockFn: () =>
      changes.length > 0 && !saving && !window.confirm("Leave this page? What you changed is not saved."),
    enableBeforeUnload: () => changes.length > 0,
  });

  const change = (next: (was: JsonObject) => JsonObject) => {
    if (!edited) {
      setBase(tenant);
    }
    setEdited((was) => {
      const now = { config: {}, ...next(was ?? before) }; // a configuration without settings is still one
      return same(now, before) ? undefined : now;
    });
    setFaults({});
    setError(undefined);
  };
  const forget = () => {
    setEdited(undefined);
    setFaults({});
    setError(undefined);
    setTheirs(undefined);
  };
  const save = async (note?: string): Promise<boolean> => {
    setSaving(true);
    setError(undefined);
    const path = { slug: start.slug };
    try {
      const { error: refused, response } = await admin.PATCH("/admin/v1/tenants/{slug}", {
        params: { path, header: { "If-Match": `"${start.version}"` } },
        body: { ...(patchOf(before, mine) as Schema<"TenantPatch">), ...(note ? { note } : {}) },
        headers: { "Content-Type": "application/merge-patch+json" },
      });
      if (response.ok) {
        forget();
        await queries.invalidateQueries();
        return true;
      }
      if (isProblem(refused, "stale", "conflict")) {
        const { data } = await admin.GET("/admin/v1/tenants/{slug}", { params: { path } });
        setTheirs(data as Tenant | undefined);
      } else if (isProblem(refused, "invalid", "taken")) {
        setFaults(faultsOf(refused));
      } else {
        setError(refused);
      }
    } catch (unreachable) {
      setError(unreachable);
    } finally {
      setSaving(false);
    }
    return false;
  };
  return {
    slug: start.slug,
    tenant: start,
    mine,
    base: before,
    changes,
    faults,
    saving,
    error,
    theirs,
    value: (path) => valueAt(mine, path.split(".")),
    set: (path, value) => change((was) => withValue(was, path.split("."), value)),
    setAll: (values) =>
      change((was) =>
        Object.entries(values).reduce((now, [path, value]) => withValue(now, path.split("."), value), was),
      ),
    replace: (next) => change(() => next),
    discard: forget,
    save,
    settle: (merged) => {
      if (theirs) {
        setBase(theirs);
        setEdited(same(merged, editable(theirs)) ? undefined : merged);
        setTheirs(undefined);
        void queries.invalidateQueries();
      }
    },
  };
}

/** What the screens call the draft's original and somebody else's version by, for merge. */
export const editableOf = editable;
