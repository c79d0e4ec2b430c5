import { useEffect, useId, useSyncExternalStore } from "react";

let opened: string[] = [];
const listeners = new Set<() => void>();

function put(next: string[]): void {
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
    put([...opened, id]);
    return () => put(opened.filter((other) => other !== id));
  }, [id, open]);
  return useSyncExternalStore(subscribe, () => opened.at(-1) === id);
}
