import { type FormEvent, useEffect, useState } from "react";
import { useOnTop } from "./useOnTop";

/** What every dialog with a form does: it stays open while something is under way and where that failed, and begins without old failures. */
export function useDialogForm(opened: boolean, close: () => void, run: () => Promise<unknown>) {
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const onTop = useOnTop(opened);
  useEffect(() => {
    if (opened) {
      setError(undefined); // what went wrong before is no answer to what is asked now
    }
  }, [opened]);
  const leave = () => {
    if (!busy) {
      close(); // what is under way cannot be called off any more, and would have nowhere to tell of a failure
    }
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await run();
      close();
    } catch (failed) {
      setError(failed);
    } finally {
      setBusy(false);
    }
  };
  return { error, busy, leave, submit, anew: () => setError(undefined), closeOnEscape: onTop };
}
