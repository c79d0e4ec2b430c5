import { useRef, useState } from "react";

/** Does one thing at a time, and remembers what went wrong with the latest. */
export function useOneAtATime() {
  const [busy, setBusy] = useState("");
  const [error, setError] = useState<unknown>();
  const running = useRef(false);
  const run = async (name: string, act: () => Promise<unknown>) => {
    if (running.current) {
      return;
    }
    running.current = true;
    setBusy(name);
    setError(undefined);
    try {
      await act();
    } catch (failed) {
      setError(failed);
    } finally {
      running.current = false;
      setBusy("");
    }
  };
  return { busy, error, setError, run };
}
