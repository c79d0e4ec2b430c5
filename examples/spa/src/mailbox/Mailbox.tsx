import { useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import { CopyButton } from "../parts/CopyButton";
import { type Part, partsOf } from "./parts";
import { besideThePage, type Mail } from "./useMails";

/** What the development server would have mailed and texted. Links in it lead to pages of this app, as they would from a mail program. */
export function Mailbox({ mails, close }: { mails: Mail[]; close: () => void }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!besideThePage()) {
      heading.current?.focus();
    }
  }, []);
  const followed = () => {
    if (!besideThePage()) {
      close(); // or it would hide the page that the link leads to
    }
  };
  return (
    <aside className="mailbox" aria-labelledby="mailbox" onKeyDown={(event) => event.key === "Escape" && close()}>
      <header>
        <h2 id="mailbox" ref={heading} tabIndex={-1}>
          Mailbox
        </h2>
        <button type="button" className="link" onClick={close}>
          Close
        </button>
      </header>
      <p className="hint">For development: mail and texts stay on this machine, and are read here.</p>
      <div role="log" aria-label="Mail">
        {mails.map((mail, i) => (
          <Message key={`${mail.at} ${mail.to} ${mail.subject}`} mail={mail} latest={i === 0} followed={followed} />
        ))}
      </div>
      {mails.length === 0 && <p className="empty">Nothing yet. Sign up, and the first mail arrives.</p>}
    </aside>
  );
}

/** One mail. The latest comes open, and whatever somebody reads stays open when another comes. */
function Message({ mail, latest, followed }: { mail: Mail; latest: boolean; followed: () => void }) {
  const [open] = useState(latest);
  return (
    <details open={open}>
      <summary>
        <strong>{mail.subject || "Text message"}</strong>
        <span className="hint">
          To <span className="foreign">{mail.to}</span>, {new Date(mail.at).toLocaleTimeString()}
        </span>
      </summary>
      <p className="mail foreign">
        {partsOf(mail.text).map((part, n) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the text of a mail does not change
          <MailPart key={n} part={part} followed={followed} />
        ))}
      </p>
    </details>
  );
}

function MailPart({ part, followed }: { part: Part; followed: () => void }) {
  switch (part.kind) {
    case "text":
      return part.text;
    case "code":
      return (
        <span className="mail-code">
          <code>{part.text}</code> <CopyButton text={part.text} />
        </span>
      );
    case "link":
      return part.path ? (
        <Link to={part.path} onClick={followed}>
          {part.text}
        </Link>
      ) : (
        <a href={part.text} target="_blank" rel="noreferrer">
          {part.text}
        </a>
      );
  }
}
