// A draft of a tenant: what somebody is changing on a screen, before it is saved. It begins with the tenant as it was read, and is saved
// as a merge patch with that version in If-Match: if somebody else was faster, both are shown (Conflict).

import { useCallback, useEffect, useMemo, useState } from "react";
import { admin, api, type Schema } from "../api/client";
import { faultsOf, isProblem } from "../api/problem";
import { queries } from "../api/queries";
import { useMissing, useUnsaved } from "../session/unsaved";
import {
  type Difference,
  differences,
  type Json,
  type JsonObject,
  patchOf,
  rebased,
  same,
  valueAt,
  withValue,
} from "./patch";

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
  /** What was typed and is no value yet, by path: with it, nothing is saved. */
  held: Record<string, string>;
  hold: (path: string, message: string | undefined) => void;
  /** Counts how often the draft was discarded, for controls that keep what is no value yet. */
  round: number;
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

const where = (slug: string) => ({ params: { path: { slug } } });

/** The tenant of a screen. Whoever does not read it is told what others have read. */
export function useTenant(slug: string, read = true) {
  // The same path answers with a document in YAML to whoever asks for that, which the type cannot tell apart.
  return api.useQuery("get", "/admin/v1/tenants/{slug}", where(slug), { select: (d) => d as Tenant, enabled: read });
}

/** Has all screens show a tenant as an answer has it, without asking again. */
const keep = (tenant: Tenant) =>
  queries.setQueryData(api.queryOptions("get", "/admin/v1/tenants/{slug}", where(tenant.slug)).queryKey, tenant);

/** A draft of a tenant that was read. Leaving the screen asks before a draft is lost. */
export function useDraft(tenant: Tenant): Draft {
  const [base, setBase] = useState<Tenant>(tenant);
  const [edited, setEdited] = useState<JsonObject>();
  const [faults, setFaults] = useState<Record<string, string>>({});
  const [held, setHeld] = useState<Record<string, string>>({});
  const [round, setRound] = useState(0);
  const [error, setError] = useState<unknown>();
  const [sent, send] = useState<JsonObject>();
  const [theirs, setTheirs] = useState<Tenant>();
  // What is not being edited follows the server, and a query is never taken for newer than what a save has answered.
  const start = edited || base.version > tenant.version ? base : tenant;
  const before = useMemo(() => editable(start), [start]);
  const mine = edited ?? before;
  const changes = useMemo(() => differences(before, mine), [before, mine]);
  useUnsaved(
    changes.length > 0 || Object.keys(held).length > 0,
    "Leave this page? What you changed is not saved.",
    sent !== undefined && same(sent, mine),
  );

  const missing = useMissing();
  useEffect(() => {
    if (missing) {
      setError(undefined); // what failed for want of a session is asked for by itself
    }
  }, [missing]);

  const change = (next: (was: JsonObject) => JsonObject) => {
    if (!edited) {
      setBase(start);
    }
    setEdited((was) => {
      const now = { config: {}, ...next(was ?? before) }; // a configuration without settings is still one
      return same(now, before) ? undefined : now;
    });
    setFaults({});
    setError(undefined);
  };
  const hold = useCallback(
    (path: string, message: string | undefined) =>
      setHeld(({ [path]: was, ...others }) => (message === undefined ? others : { ...others, [path]: message })),
    [],
  );
  const forget = () => {
    setEdited(undefined);
    setHeld({});
    setRound((n) => n + 1);
    setFaults({});
    setError(undefined);
    setTheirs(undefined);
  };
  const save = async (note?: string): Promise<boolean> => {
    if (Object.keys(held).length > 0) {
      return false;
    }
    send(mine);
    setError(undefined);
    const path = { slug: start.slug };
    try {
      const { data: answer, error: refused } = await admin.PATCH("/admin/v1/tenants/{slug}", {
        params: { path, header: { "If-Match": `"${start.version}"` } },
        body: { ...(patchOf(before, mine) as Schema<"TenantPatch">), ...(note ? { note } : {}) },
        headers: { "Content-Type": "application/merge-patch+json" },
      });
      if (answer) {
        keep(answer);
        setBase(answer);
        setEdited((now = before) => {
          const typed = rebased(mine, now, editable(answer));
          return same(now, mine) || same(typed, editable(answer)) ? undefined : typed;
        });
        setFaults({});
        void queries.invalidateQueries();
        return true;
      }
      if (isProblem(refused, "stale", "conflict")) {
        const { data, error: lost } = await admin.GET("/admin/v1/tenants/{slug}", { params: { path } });
        setTheirs(data as Tenant | undefined);
        setError(data ? undefined : lost); // without theirs there is nothing to choose from, and it is said why
      } else if (isProblem(refused, "invalid", "taken")) {
        setFaults(faultsOf(refused));
      } else if (!isProblem(refused, "unauthenticated", "second-factor")) {
        setError(refused); // those two are asked for, and it is saved again
      }
    } catch (unreachable) {
      setError(unreachable);
    } finally {
      send(undefined);
    }
    return false;
  };
  return {
    slug: start.slug,
    tenant: start,
    mine,
    base: before,
    changes,
    faults: { ...faults, ...held },
    held,
    hold,
    round,
    saving: sent !== undefined,
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
