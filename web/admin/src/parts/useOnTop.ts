import { useEffect, useId, useSyncExternalStore } from "react";

interface Opened {
  id: string;
}

let opened: Opened[] = [];
const listeners = new Set<() => void>();

function put(next: Opened[]): void {
  opened = next;
  for (const listener of listeners) {
    listener();
  }
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

/** Whether a dialog is the one above all others. Escape closes that one alone: every dialog hears the key by itself. */
export function useOnTop(open: boolean): boolean {
  const id = useId();
  useEffect(() => {
    if (!open) {
      return;
    }
    const mine = { id };
    put([...opened, mine]);
    // Not before all dialogs have heard the key that closed this one: to the one below it would mean the same.
    return () => void setTimeout(() => put(opened.filter((other) => other !== mine)));
  }, [id, open]);
  return useSyncExternalStore(subscribe, () => opened.at(-1)?.id === id);
}
