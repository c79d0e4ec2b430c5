import { useDebouncedCallback } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";

/**
 * A text that is sent on to the address when typing pauses, and follows the address where that changes by itself, as by going back. With
 * now it is sent on at once.
 */
export function useTyped(
  value: string | undefined,
  send: (text: string) => void,
  pause = 200,
): [string, (text: string, now?: boolean) => void] {
  const [typed, setTyped] = useState(value ?? "");
  const sent = useRef(value ?? "");
  const pass = (text: string) => {
    sent.current = text;
    send(text);
  };
  const later = useDebouncedCallback(pass, pause);
  useEffect(() => {
    if ((value ?? "") !== sent.current) {
      sent.current = value ?? "";
      setTyped(value ?? "");
    }
  }, [value]);
  return [
    typed,
    (text, now = false) => {
      setTyped(text);
      if (now) {
        later.cancel();
        pass(text.trim());
      } else {
        later(text.trim());
      }
    },
  ];
}
