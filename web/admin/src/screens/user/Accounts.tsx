import { Button, Text } from "@mantine/core";
import { admin, type Schema } from "../../api/client";
import { type Column, Rows } from "../../parts/Rows";
import { Section } from "../../parts/Section";
import { Time } from "../../parts/Time";
import { useAct } from "../../parts/useAct";
import { useAsk } from "../../parts/useAsk";
import { useMay } from "../../session/me";
import { at, type OfUser } from "./of";

type Account = Schema<"ProviderAccount">;

/** Accounts with identity providers that sign a user in. */
export function Accounts({ slug, user }: OfUser) {
  const { act } = useAct();
  const [dialog, ask] = useAsk();
  const may = useMay();
  const disconnect = (a: Account) =>
    ask({
      title: `Disconnect the account with ${a.provider}?`,
      text: user.has_password
        ? "It does not sign the user in any more. The password does."
        : "It does not sign the user in any more, and the user has no password. Send a link afterwards, or they may be locked out.",
      action: "Disconnect",
      danger: true,
      run: () =>
        act(
          () =>
            admin.POST("/admin/v1/tenants/{slug}/users/{id}/provider-accounts/remove", {
              params: at({ slug, user }),
              body: { provider: a.provider, uid: a.uid },
            }),
          `The account with ${a.provider} is disconnected.`,
        ),
    });
  const columns: Column<Account>[] = [
    { label: "Provider", cell: (a) => <span className="foreign">{a.provider}</span> },
    {
      label: "Known as",
      cell: (a) =>
        a.display ? (
          <span className="foreign">{a.display}</span>
        ) : (
          <Text span size="sm" c="dimmed">
            not told yet
          </Text>
        ),
    },
    { label: "Id there", cell: (a) => <code className="code foreign">{a.uid}</code> },
    { label: "Connected", cell: (a) => <Time at={a.created_at} /> },
    { label: "Last used", cell: (a) => <Time at={a.last_used_at} /> },
  ];
  if (may("users.secure")) {
    columns.push({
      label: "Actions",
      quiet: true,
      cell: (a) => (
        <Button
          variant="default"
          size="xs"
          onClick={() => disconnect(a)}
          aria-label={`Disconnect the account with ${a.provider}`}
        >
          Disconnect
        </Button>
      ),
    });
  }
  return (
    <Section title="Provider accounts" lead="Accounts elsewhere, such as with Google, that sign the user in.">
      {user.provider_accounts.length === 0 ? (
        <Text size="sm" c="dimmed">
          None.
        </Text>
      ) : (
        <Rows
          label="Provider accounts"
          rows={user.provider_accounts}
          id={(a) => `${a.provider} ${a.uid}`}
          columns={columns}
        />
      )}
      {dialog}
    </Section>
  );
}
