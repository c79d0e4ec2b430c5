import { useMutation } from "@tanstack/react-query";
import { done, failed } from "./tell";

export interface Outcome<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** What a call of the admin API answers where it goes well; what it was refused with is thrown. */
export async function called<T>(call: () => Promise<Outcome<T>>): Promise<T> {
  const { data, error, response } = await call();
  if (!response.ok) {
    throw error ?? new Error(`the server answered ${response.status}`);
  }
  return data as T;
}

/**
 * Changes something by a call of the admin API, after which what is on the screen is read again. act throws what went wrong, for a dialog
 * to show; tell shows it by itself.
 */
export function useAct() {
  const { mutateAsync, isPending } = useMutation({
    mutationFn: (call: () => Promise<Outcome<unknown>>): Promise<unknown> => called(call),
  });
  const act = async <T>(call: () => Promise<Outcome<T>>, said?: string): Promise<T> => {
    const data = (await mutateAsync(call)) as T;
    if (said) {
      done(said);
    }
    return data;
  };
  const tell = (call: () => Promise<Outcome<unknown>>, said?: string) => void act(call, said).catch(failed);
  return { act, tell, busy: isPending };
}
