import { useClient, useConfig, useSession, useStep, useUser } from "@vestibule-auth/client/react";
import { useEffect, useRef } from "react";
import { Link, NavLink, Outlet } from "react-router";
import { Mailbox } from "./mailbox/Mailbox";
import { useMails } from "./mailbox/useMails";
import { Away } from "./pages/Away";
import { ActButton } from "./parts/ActButton";
import { useTell } from "./tell";

/** What is around every page: the way about, the page itself and, beside it, the mailbox of a development server. */
export function Frame() {
  const mailbox = useMails();
  useSignedOutElsewhere();
  return (
    <div className={mailbox.open ? "frame with-mailbox" : "frame"}>
      <a className="skip" href="#page">
        Skip to the page
      </a>
      <header>
        <Link className="brand" to="/">
          <img src="/favicon.svg" alt="" width="28" height="28" />
          Vestibule <span>demo</span>
        </Link>
        <Menu />
        {mailbox.there && (
          <button type="button" className="mailbox-button" aria-expanded={mailbox.open} onClick={mailbox.toggle}>
            Mailbox {mailbox.unread > 0 && <span className="count">{mailbox.unread} new</span>}
          </button>
        )}
      </header>
      <main id="page" tabIndex={-1}>
        <Page />
      </main>
      {mailbox.there && mailbox.open && <Mailbox mails={mailbox.mails} close={mailbox.toggle} />}
    </div>
  );
}

/** The page, as soon as it is known who looks at it. */
function Page() {
  const session = useSession();
  const config = useConfig();
  if (session.status === "failed") {
    return <Away error={session.error} retry={session.retry} />;
  }
  return session.status === "loading" || !config ? <p className="loading">One moment…</p> : <Outlet />;
}

function Menu() {
  const user = useUser();
  const client = useClient();
  const signOut = useStep(() => client.logout());
  return (
    <nav aria-label="Main">
      {user ? (
        <>
          <NavLink to="/account">Account</NavLink>
          <ActButton step={signOut} onClick={signOut.run} look="link">
            Sign out
          </ActButton>
        </>
      ) : (
        <>
          <NavLink to="/signin">Sign in</NavLink>
          <NavLink to="/signup">Sign up</NavLink>
        </>
      )}
    </nav>
  );
}

/**
 * Says so when a session is over, wherever it was ended. Other tabs of this browser tell this one; what happened on other devices is asked
 * for whenever somebody comes back to this tab.
 */
function useSignedOutElsewhere() {
  const client = useClient();
  const tell = useTell();
  const { status } = useSession();
  const before = useRef(status);
  useEffect(() => {
    if (before.current === "signed-in" && status === "signed-out") {
      tell("You are signed out.");
    }
    before.current = status;
  }, [status, tell]);
  useEffect(() => {
    const look = () => {
      if (document.visibilityState === "visible") {
        client.session().catch(() => {}); // whatever is done next tells it, too
      }
    };
    window.addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    return () => {
      window.removeEventListener("focus", look);
      document.removeEventListener("visibilitychange", look);
    };
  }, [client]);
}
