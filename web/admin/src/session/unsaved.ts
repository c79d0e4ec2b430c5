// What somebody has typed and not saved yet outlives their session: it is kept on the screen until they have signed in again.
import { useBlocker } from "@tanstack/react-router";
import { useEffect, useId, useSyncExternalStore } from "react";

/** What is missing: signing in, or a second factor. */
export type Missing = "sign-in" | "second-factor";

const drafts = new Set<string>();
let missing: Missing | undefined;
const listeners = new Set<() => void>();

function put(next: Missing | undefined): void {
  missing = next;
  for (const listener of listeners) {
    listener();
  }
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

/** Whether something is unsaved, so that the page stays. What is missing is then asked for on it. */
export function stays(what: Missing): boolean {
  if (drafts.size > 0) {
    put(what);
  }
  return drafts.size > 0;
}

/** They are signed in again. */
export const resume = () => put(undefined);

/** Gives up what is not saved, without asking once more. */
export function giveUp(): void {
  drafts.clear();
  put(undefined);
}

/** What is missing for going on with what is not saved. */
export const useMissing = () => useSyncExternalStore(subscribe, () => missing);

/** Leaving the screen asks before what is not saved is lost. */
export function useUnsaved(changed: boolean, question: string, leaving = false): void {
  const id = useId();
  useEffect(() => {
    if (!changed) {
      return;
    }
    drafts.add(id);
    return () => void drafts.delete(id);
  }, [id, changed]);
  useBlocker({
    shouldBlockFn: () => changed && !leaving && drafts.has(id) && !window.confirm(question),
    enableBeforeUnload: () => changed,
  });
}
