// The apps that are registered at identity providers, each with its callback URL, its fields and a try.

import { Badge, Button, Card, Group, Stack, Text, Title, VisuallyHidden } from "@mantine/core";
import { type ReactNode, useMemo, useState } from "react";
import { api } from "../../api/client";
import { Copy } from "../../parts/Copy";
import { Empty } from "../../parts/Empty";
import { Section } from "../../parts/Section";
import type { Draft } from "../../settings/draft";
import { type JsonObject, same, valueAt } from "../../settings/patch";
import { Add } from "./Add";
import { AppForm } from "./AppForm";
import { appsOf, faultPath, identity, type Keyed, keyed, removed } from "./apps";
import { nameOf } from "./catalogue";
import { Test } from "./Test";

/** What the server says of the apps that are saved. */
export const useApps = (slug: string) =>
  api.useQuery("get", "/admin/v1/tenants/{slug}/providers", { params: { path: { slug } } });

export function Apps({ draft, readOnly }: { draft: Draft; readOnly: boolean }) {
  // Which one is open, by its key; one that was just added has none yet.
  const [open, setOpen] = useState<string | JsonObject>();
  const saved = useMemo(() => appsOf(draft.base), [draft.base]);
  const now = useMemo(() => appsOf(draft.mine), [draft.mine]);
  const [cards, setCards] = useState({ now, saved, apps: keyed([], now, saved) });
  if (cards.now !== now || cards.saved !== saved) {
    const apps = keyed(cards.apps, now, saved);
    setCards({ now, saved, apps });
    if (typeof open === "object") {
      setOpen(apps.find((a) => a.app === open)?.key ?? open);
    }
  }
  const { apps } = cards;
  const add = readOnly ? undefined : <Add draft={draft} opened={setOpen} />;
  return (
    <Section
      title="Apps"
      lead="What you registered at identity providers. Each provider has to know the callback URL, or the metadata, that is shown here."
      actions={apps.length > 0 ? add : undefined}
    >
      {apps.length === 0 ? (
        <Empty title="No providers yet" action={add}>
          Register an app with Google, GitHub or any OpenID Connect server, and give its client id and secret here; a
          SAML server describes itself. What to register there is shown as soon as it is saved.
        </Empty>
      ) : (
        <Stack>
          {apps.map((at) => (
            <AppCard
              key={at.key}
              draft={draft}
              at={at}
              saved={saved.find((s) => identity(s) === at.known)?.app}
              readOnly={readOnly}
              open={open === at.key}
              toggle={() => setOpen(open === at.key ? undefined : at.key)}
            />
          ))}
        </Stack>
      )}
    </Section>
  );
}

function AppCard(props: {
  draft: Draft;
  at: Keyed;
  saved: JsonObject | undefined;
  readOnly: boolean;
  open: boolean;
  toggle: () => void;
}) {
  const { draft, at, saved, readOnly } = props;
  const unsaved = !same(saved, at.app);
  const { data } = useApps(draft.slug);
  const app = data?.items.find((a) => identity({ provider: a.provider, app: { ...a } }) === at.known);
  const name = String(at.app.name || nameOf(at.provider));
  const ownEntity = String(valueAt(saved, ["settings", "sp", "entity_id"]) ?? "");
  const hidden = (at.app.settings as { hidden?: boolean } | undefined)?.hidden === true;
  // What has to be put right is shown, and stays until somebody closes it.
  const [shown, show] = useState(false);
  const faulty = Object.keys(draft.faults).some((where) => where.startsWith(faultPath(at, "")));
  if (faulty && !shown) {
    show(true);
  }
  const open = props.open || shown;
  const toggle = () => {
    show(false);
    if (props.open === open) {
      props.toggle();
    }
  };
  return (
    <Card withBorder padding="md" data-provider={at.provider}>
      <Stack gap="sm">
        <Group justify="space-between" align="start" gap="xs">
          <Stack gap={2} flex={1} miw="min(14rem, 100%)">
            <Group gap="xs">
              <Title order={3} className="foreign">
                {name}
              </Title>
              {unsaved && (
                <Badge variant="dot" color="yellow">
                  not saved
                </Badge>
              )}
              {hidden && (
                <Badge variant="dot" color="gray">
                  hidden
                </Badge>
              )}
              {app && !app.has_secret && !app.metadata_url && (
                <Badge variant="dot" color="gray">
                  no secret
                </Badge>
              )}
            </Group>
            <Text size="xs" c="dimmed" className="foreign">
              {nameOf(at.provider)} <code className="code">{String(at.app.provider_id ?? at.provider)}</code>
              {at.app.client_id ? (
                <>
                  , client <code className="code">{String(at.app.client_id)}</code>
                </>
              ) : null}
            </Text>
          </Stack>
          {!readOnly && (
            <Group gap="xs">
              <Button size="compact-sm" variant="default" aria-expanded={open} onClick={toggle}>
                {open ? "Close" : "Change"}
                <VisuallyHidden component="span"> {name}</VisuallyHidden>
              </Button>
              <Button size="compact-sm" variant="default" onClick={() => draft.replace(removed(draft.mine, at))}>
                Remove<VisuallyHidden component="span"> {name}</VisuallyHidden>
              </Button>
            </Group>
          )}
        </Group>
        {open && !readOnly && <AppForm draft={draft} at={at} saved={saved} />}
        {app && saved ? (
          app.metadata_url ? (
            <>
              <Address value={app.metadata_url} what={`the metadata URL of ${name}`}>
                {ownEntity === ""
                  ? "Metadata, to give to the provider. The address is the tenant's entity ID, too"
                  : "Metadata, to give to the provider"}
              </Address>
              <Address value={app.callback_url} what={`the ACS URL of ${name}`}>
                Assertion consumer service (ACS), where the provider does not read metadata
              </Address>
            </>
          ) : (
            <Address value={app.callback_url} what={`the callback URL of ${name}`}>
              Callback URL, to register there
            </Address>
          )
        ) : (
          !saved && (
            <Text size="sm" c="dimmed">
              {at.provider === "saml" ? "What the provider has to be given" : "The callback URL"} is shown as soon as
              this is saved.
            </Text>
          )
        )}
        {!readOnly && <Test slug={draft.slug} app={app} unsaved={unsaved} />}
      </Stack>
    </Card>
  );
}

/** What the provider has to be told. */
function Address({ value, what, children }: { value: string; what: string; children: ReactNode }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {children}
      </Text>
      <Group gap={4} wrap="nowrap">
        <code className="code foreign">{value}</code>
        <Copy value={value} what={what} />
      </Group>
    </div>
  );
}
