import { Button, Text } from "@mantine/core";
import { admin, type Schema } from "../../api/client";
import { device } from "../../parts/device";
import { May } from "../../parts/May";
import { type Column, Rows } from "../../parts/Rows";
import { Section } from "../../parts/Section";
import { Time } from "../../parts/Time";
import { useAct } from "../../parts/useAct";
import { useAsk } from "../../parts/useAsk";
import { useMay } from "../../session/me";
import { at, type OfUser } from "./of";

type Session = Schema<"UserSession">;

const clients: Record<string, string> = { app: "App", browser: "Browser" };

export function Sessions({ slug, user }: OfUser) {
  const { act } = useAct();
  const [dialog, ask] = useAsk();
  const may = useMay();
  const params = at({ slug, user });
  const end = (s: Session) =>
    ask({
      title: "End this session?",
      text: `Whoever uses it, from ${s.ip || "an unknown address"}, must sign in again. What other servers accept by a token's signature alone lives until it expires.`,
      action: "End session",
      danger: true,
      run: () =>
        act(
          () =>
            admin.DELETE("/admin/v1/tenants/{slug}/users/{id}/sessions/{session}", {
              params: { path: { ...params.path, session: s.id } },
            }),
          "The session has ended.",
        ),
    });
  const endAll = () =>
    ask({
      title: "End every session?",
      text: "The user is signed out everywhere at once, refresh tokens among it. What other servers accept by a token's signature alone lives until it expires.",
      action: "End all sessions",
      danger: true,
      run: () =>
        act(() => admin.DELETE("/admin/v1/tenants/{slug}/users/{id}/sessions", { params }), "Every session has ended."),
    });
  const columns: Column<Session>[] = [
    { label: "Client", cell: (s) => clients[s.client] ?? s.client },
    { label: "Address", cell: (s) => <code className="code">{s.ip || "unknown"}</code> },
    {
      label: "Program",
      cell: (s) => (
        <Text size="sm" className="foreign" lineClamp={2} title={s.user_agent}>
          {device(s.user_agent)}
        </Text>
      ),
    },
    { label: "Begun", cell: (s) => <Time at={s.created_at} /> },
    { label: "Last seen", cell: (s) => <Time at={s.last_seen_at} /> },
    { label: "Ends", cell: (s) => <Time at={s.expires_at} /> },
  ];
  if (may("users.secure")) {
    columns.push({
      label: "Actions",
      quiet: true,
      cell: (s) => (
        <Button
          variant="default"
          size="xs"
          onClick={() => end(s)}
          aria-label={`End the session of ${device(s.user_agent)} from ${s.ip || "an unknown address"}`}
        >
          End
        </Button>
      ),
    });
  }
  return (
    <Section
      title="Sessions"
      lead="Where the user is signed in."
      actions={
        <May permission="users.secure">
          <Button variant="default" onClick={endAll} disabled={user.sessions.length === 0}>
            End all sessions
          </Button>
        </May>
      }
    >
      {user.sessions.length === 0 ? (
        <Text size="sm" c="dimmed">
          None. The user is signed in nowhere.
        </Text>
      ) : (
        <Rows label="Sessions" rows={user.sessions} id={(s) => s.id} columns={columns} />
      )}
      {dialog}
    </Section>
  );
}
