import { useCallback, useEffect, useState } from "react";

/** A mail or, without a subject, a text, as a development server keeps it. */
export interface Mail {
  to: string;
  subject: string;
  text: string;
  at: string;
}

export interface Mailbox {
  /** Only a development server has one. */
  there: boolean;
  /** Latest first. */
  mails: Mail[];
  /** How many came since it was open. */
  unread: number;
  open: boolean;
  toggle: () => void;
}

/** Whether there is room for it beside the page (style.css); else it is over the page. */
export const besideThePage = () => window.matchMedia("(min-width: 75rem)").matches;

const pause = 1_500; // milliseconds between two looks

/** Looks for mail while somebody looks at the page. Where the server has no mailbox, it looks once. */
export function useMails(): Mailbox {
  const [mails, setMails] = useState<Mail[]>();
  const [open, setOpen] = useState(besideThePage);
  const [read, setRead] = useState<string>(); // when the newest mail came that was seen
  const newest = mails && (mails[0]?.at ?? "");

  useEffect(() => {
    let timer = 0;
    let over = false;
    const look = async () => {
      const found = document.hidden ? undefined : await fetchMails();
      if (found && !over) {
        setMails((before) => (JSON.stringify(before) === JSON.stringify(found) ? before : found));
      }
      if (found !== null && !over) {
        timer = window.setTimeout(look, pause);
      }
    };
    void look();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, []);

  // What was there before the page is nothing new.
  useEffect(() => setRead((before) => (open || before === undefined ? newest : before)), [open, newest]);

  const toggle = useCallback(() => setOpen((was) => !was), []);
  const unread = open || read === undefined ? 0 : (mails ?? []).filter((m) => m.at > read).length;
  return { there: mails !== undefined, mails: mails ?? [], unread, open, toggle };
}

/** The latest mails; undefined where the server does not answer just now, and null where it has no mailbox. */
async function fetchMails(): Promise<Mail[] | null | undefined> {
  try {
    const answer = await fetch("/dev/mail?limit=20", { cache: "no-store" });
    if (answer.status === 404 || !answer.headers.get("Content-Type")?.includes("json")) {
      return null;
    }
    return answer.ok ? ((await answer.json()) as { items: Mail[] }).items : undefined;
  } catch {
    return undefined;
  }
}
