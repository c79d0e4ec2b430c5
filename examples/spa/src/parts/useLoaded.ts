import { useStep } from "@vestibule-auth/client/react";
import { useEffect, useState } from "react";

/** What a page shows and changes. */
export interface Loaded<T> {
  /** undefined until it is there. */
  data: T | undefined;
  /** Puts what a change has answered with in its place. */
  set: (data: T) => void;
  reload: () => void;
  error: unknown;
}

/** Asks for something when a page is opened. It is a step, so that what needs a proof of who asks has it asked for. */
export function useLoaded<T>(load: () => Promise<T>): Loaded<T> {
  const [data, set] = useState<T>();
  const { run, error } = useStep(async () => set(await load()));
  useEffect(() => {
    void run();
  }, [run]);
  return { data, set, reload: run, error };
}
