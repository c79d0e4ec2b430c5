import { Button, Text } from "@mantine/core";
import { admin, type Schema } from "../../api/client";
import { May } from "../../parts/May";
import { type Column, Rows } from "../../parts/Rows";
import { Section } from "../../parts/Section";
import { Time } from "../../parts/Time";
import { useAct } from "../../parts/useAct";
import { useAsk } from "../../parts/useAsk";
import { count } from "../../parts/words";
import { useMay } from "../../session/me";
import { at, type OfUser } from "./of";

type Authenticator = Schema<"Authenticator">;

const kinds: Record<string, string> = {
  totp: "Authenticator app",
  webauthn: "Security key or passkey",
  recovery_codes: "Recovery codes",
};

/** What an authenticator is called. */
const kindOf = (a: Authenticator): string => kinds[a.type] ?? a.type;

export function Authenticators({ slug, user }: OfUser) {
  const { act } = useAct();
  const [dialog, ask] = useAsk();
  const may = useMay();
  const params = at({ slug, user });
  const remove = (a: Authenticator) =>
    ask({
      title: `Remove ${a.name ? `“${a.name}”` : kindOf(a).toLowerCase()}?`,
      text: "A sign-in does not ask for it any more, and it cannot be brought back. The last second factor takes the recovery codes with it. Make sure that it is the user who asks.",
      action: "Remove",
      danger: true,
      run: () =>
        act(
          () =>
            admin.DELETE("/admin/v1/tenants/{slug}/users/{id}/authenticators/{authenticator}", {
              params: { path: { ...params.path, authenticator: a.id } },
            }),
          `${kindOf(a)} removed.`,
        ),
    });
  const removeAll = () =>
    ask({
      title: "Remove every authenticator?",
      text: `${count(user.authenticators.length, "authenticator")} will be gone, passkeys among them. Until the user adds another, the password alone, or what else the tenant takes, signs in. Make sure that it is the user who asks.`,
      action: "Remove all",
      danger: true,
      run: () =>
        act(
          () => admin.DELETE("/admin/v1/tenants/{slug}/users/{id}/authenticators", { params }),
          "Every authenticator is removed.",
        ),
    });
  const columns: Column<Authenticator>[] = [
    { label: "Kind", cell: kindOf },
    { label: "Name", cell: (a) => <span className="foreign">{a.name || "–"}</span> },
    { label: "Unused codes", cell: (a) => a.unused_codes ?? "–" },
    { label: "Added", cell: (a) => <Time at={a.created_at} /> },
    { label: "Last used", cell: (a) => <Time at={a.last_used_at} /> },
  ];
  if (may("users.secure")) {
    columns.push({
      label: "Actions",
      quiet: true,
      cell: (a) => (
        <Button variant="default" size="xs" onClick={() => remove(a)} aria-label={`Remove ${a.name || kindOf(a)}`}>
          Remove
        </Button>
      ),
    });
  }
  return (
    <Section
      title="Second factors"
      lead="Apps, security keys, passkeys and recovery codes. Who has lost one is helped by removing it here."
      actions={
        user.authenticators.length > 1 && (
          <May permission="users.secure">
            <Button variant="default" onClick={removeAll}>
              Remove all
            </Button>
          </May>
        )
      }
    >
      {user.authenticators.length === 0 ? (
        <Text size="sm" c="dimmed">
          None. The user signs in without a second factor.
        </Text>
      ) : (
        <Rows label="Second factors" rows={user.authenticators} id={(a) => a.id} columns={columns} />
      )}
      {dialog}
    </Section>
  );
}
