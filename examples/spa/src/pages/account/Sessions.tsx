import type { OpenSession } from "@vestibule-auth/client";
import { useClient, useStep } from "@vestibule-auth/client/react";
import { ActButton } from "../../parts/ActButton";
import { Page } from "../../parts/Page";
import { Ready } from "../../parts/Ready";
import { timeOf } from "../../parts/time";
import { useLoaded } from "../../parts/useLoaded";
import { deviceOf } from "./device";

export function Sessions() {
  const client = useClient();
  const sessions = useLoaded(() => client.sessions());
  return (
    <Page
      title="Sessions"
      lead="Everywhere you are signed in. End what you do not know, and change your password."
      wide
    >
      <Ready of={sessions}>
        {(list) => (
          <>
            <ul className="rows">
              {list.map((session) => (
                <Row key={session.id} session={session} set={sessions.set} />
              ))}
            </ul>
            {list.length > 1 && <EndOthers sessions={list} set={sessions.set} />}
          </>
        )}
      </Ready>
    </Page>
  );
}

interface Changes {
  set: (sessions: OpenSession[]) => void;
}

function Row({ session, set }: { session: OpenSession } & Changes) {
  const client = useClient();
  const device = deviceOf(session.user_agent);
  const end = useStep(async () => set(await client.endSessions(session.id)));
  return (
    <li>
      <div className="what">
        <strong className="foreign" title={session.user_agent}>
          {device}
        </strong>
        {session.is_current && <span className="mark good">This one</span>}
        <span className="hint">
          {session.ip} · signed in {timeOf(session.created_at)}
          {session.last_seen_at !== undefined && ` · last seen ${timeOf(session.last_seen_at)}`}
        </span>
      </div>
      {!session.is_current && (
        <div className="acts">
          <ActButton step={end} onClick={end.run} look="danger" label={`End the session of ${device}`}>
            End
          </ActButton>
        </div>
      )}
    </li>
  );
}

function EndOthers({ sessions, set }: { sessions: OpenSession[] } & Changes) {
  const client = useClient();
  const others = sessions.filter((s) => !s.is_current).map((s) => s.id);
  const end = useStep(async () => set(await client.endSessions(...others)));
  return (
    <ActButton step={end} onClick={end.run}>
      End all others
    </ActButton>
  );
}
