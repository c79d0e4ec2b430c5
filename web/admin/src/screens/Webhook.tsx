import { Alert, Badge, Button, Group, NumberInput, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { admin, api } from "../api/client";
import { faultsOf, isProblem } from "../api/problem";
import { Confirm } from "../parts/Confirm";
import { Failure } from "../parts/Failure";
import { Loaded } from "../parts/Loaded";
import { Meanwhile } from "../parts/Meanwhile";
import { Once } from "../parts/Once";
import { Page } from "../parts/Page";
import { Section } from "../parts/Section";
import { sh } from "../parts/sh";
import { Time } from "../parts/Time";
import { done } from "../parts/tell";
import { useRemoval } from "../parts/useRemoval";
import { useMay } from "../session/me";
import { Deliveries } from "./webhooks/Deliveries";
import { Fields, type Said } from "./webhooks/Fields";
import { type Webhook as Hook, HookState } from "./webhooks/state";
import { Test } from "./webhooks/Test";

/** One webhook: where it leads, what it is told of, and what became of that. */
export default function Webhook() {
  const { slug = "", id = "" } = useParams({ strict: false });
  const query = api.useQuery("get", "/admin/v1/tenants/{slug}/webhooks/{id}", { params: { path: { slug, id } } });
  const may = useMay();
  const change = may("webhooks.change");
  return (
    <Page
      title={query.data?.description || "Webhook"}
      tab={`${query.data?.description || "Webhook"} · ${slug}`}
      above={[{ label: "Webhooks", to: `/tenants/${slug}/webhooks` }]}
      commands={[
        sh`admin webhook show ${id} --tenant ${slug}`,
        sh`admin webhook patch ${id} --tenant ${slug} --enabled`,
        sh`admin webhook test ${id} --tenant ${slug}`,
        sh`admin webhook deliveries ${id} --tenant ${slug} --state failed`,
        sh`admin webhook rotate-secret ${id} --tenant ${slug} --overlap 24h`,
        sh`admin webhook replay ${id} --tenant ${slug} --since 2026-06-01T00:00:00Z`,
        sh`admin webhook delete ${id} --tenant ${slug} --yes`,
      ]}
    >
      <Loaded query={query} lines={10}>
        {(hook) => (
          <>
            <About slug={slug} hook={hook} change={change} />
            {change && <Test slug={slug} id={id} enabled={hook.enabled} />}
            <Deliveries slug={slug} id={id} change={change} />
            {change && <Secret slug={slug} hook={hook} />}
            {change && <Remove slug={slug} hook={hook} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}

const usePatch = () => api.useMutation("patch", "/admin/v1/tenants/{slug}/webhooks/{id}");

function About({ slug, hook, change }: { slug: string; hook: Hook; change: boolean }) {
  const saved: Said = { url: hook.url, events: hook.events, description: hook.description };
  const [edited, setEdited] = useState<{ said: Said; version: number }>();
  const said = edited?.said ?? saved;
  const changed = edited !== undefined && JSON.stringify(said) !== JSON.stringify(saved);
  const patch = usePatch();
  const where = { slug, id: hook.id };
  const save = () =>
    patch.mutate(
      { params: { path: where, header: { "If-Match": `"${edited?.version}"` } }, body: said },
      {
        onSuccess: () => {
          setEdited(undefined);
          done("Saved.");
        },
      },
    );
  const enable = (enabled: boolean) =>
    patch.mutate(
      { params: { path: where }, body: { enabled } },
      { onSuccess: () => done(enabled ? "Enabled: what waits is sent." : "Disabled: nothing is sent there.") },
    );
  const drop = () => {
    patch.reset();
    setEdited(undefined);
  };
  const stale = isProblem(patch.error, "stale", "conflict");
  const faults = isProblem(patch.error, "invalid") ? faultsOf(patch.error) : {};
  return (
    <Section
      title="Settings"
      actions={
        <Group gap="xs">
          <HookState hook={hook} />
          {change && (
            <Button variant="default" size="xs" onClick={() => enable(!hook.enabled)} loading={patch.isPending}>
              {hook.enabled ? "Disable" : "Enable"}
            </Button>
          )}
        </Group>
      }
    >
      <Why hook={hook} />
      <Fields
        value={said}
        readOnly={!change}
        faults={faults}
        change={(next) => {
          patch.reset();
          setEdited({ said: next, version: edited?.version ?? hook.version });
        }}
      />
      {stale ? (
        <Meanwhile
          what="webhook"
          ways={[
            { label: "Take theirs", go: drop },
            {
              label: "Keep mine",
              go: () => {
                patch.reset();
                setEdited({ said, version: hook.version });
              },
            },
          ]}
        >
          By now it leads to <code className="code foreign">{hook.url}</code> and is told of{" "}
          <code className="code foreign">{hook.events.join(", ")}</code>.
        </Meanwhile>
      ) : (
        patch.error && Object.keys(faults).length === 0 && <Failure error={patch.error} />
      )}
      {change && (
        <Group justify="end">
          <Button variant="default" disabled={!changed} onClick={drop}>
            Discard
          </Button>
          <Button onClick={save} disabled={!changed || stale || said.events.length === 0} loading={patch.isPending}>
            Save
          </Button>
        </Group>
      )}
    </Section>
  );
}

function Why({ hook }: { hook: Hook }) {
  if (!hook.enabled && hook.disabled_why !== "") {
    return (
      <Alert color="red" variant="outline" title="The server disabled this webhook">
        {hook.disabled_why === "gone"
          ? "The receiver answered 410: that it is gone, and wants nothing more. If it is back, enable the webhook again."
          : "Nothing got through for five days. Once the receiver is well again, enable the webhook: what waits is sent."}{" "}
        What happened meanwhile is in the audit log.
      </Alert>
    );
  }
  if (hook.enabled && hook.failing_since) {
    return (
      <Alert color="yellow" variant="outline" title="Nothing gets through">
        <Text size="sm" component="div">
          That began <Time at={hook.failing_since} />. It is tried again for two days each, and the webhook is disabled
          after five days. The deliveries below say what went wrong.
        </Text>
      </Alert>
    );
  }
  return null;
}

function Secret({ slug, hook }: { slug: string; hook: Hook }) {
  const [asking, ask] = useDisclosure(false);
  const [hours, setHours] = useState<number | string>(24);
  const [secret, setSecret] = useState<string>();
  const rotate = api.useMutation("post", "/admin/v1/tenants/{slug}/webhooks/{id}/rotate-secret");
  return (
    <Section
      title="Secret"
      lead="What is sent is signed with a secret that only this server and the receiver know. It was shown once, when it was made."
      actions={
        <Button variant="default" size="xs" onClick={ask.open}>
          Rotate secret
        </Button>
      }
    >
      {hook.old_secret_until ? (
        <Text size="sm">
          <Badge color="blue">Both sign</Badge> The secret before signs as well, and stops{" "}
          <Time at={hook.old_secret_until} />.
        </Text>
      ) : (
        <Text size="sm" c="dimmed">
          One secret signs.
        </Text>
      )}
      <Confirm
        opened={asking}
        close={ask.close}
        title="Give this webhook another secret?"
        action="Rotate"
        run={async () => {
          const fresh = await rotate.mutateAsync({
            params: { path: { slug, id: hook.id }, header: { "If-Match": `"${hook.version}"` } },
            body: { overlap_seconds: Math.round(Number(hours) * 3600) },
          });
          rotate.reset();
          setSecret(fresh.secret);
        }}
      >
        <Stack>
          <span>
            The new secret is shown once. For a while both sign, so that the receiver can be changed in between; with 0
            hours the old one stops working at once.
          </span>
          <NumberInput
            label="Hours in which both sign"
            value={hours}
            onChange={setHours}
            min={0}
            max={168}
            allowDecimal={false}
            maw={220}
          />
        </Stack>
      </Confirm>
      <Once secret={secret} title="The webhook's new secret" what="the secret" close={() => setSecret(undefined)} />
    </Section>
  );
}

function Remove({ slug, hook }: { slug: string; hook: Hook }) {
  const [asking, ask] = useDisclosure(false);
  const removal = useRemoval(hook.id);
  return (
    <Section
      title="Delete"
      lead="The receiver is told of nothing any more, and what is on its way there is gone. This cannot be undone."
      actions={
        <Button color="red.9" size="xs" onClick={ask.open}>
          Delete webhook
        </Button>
      }
    >
      <Confirm
        opened={asking}
        close={ask.close}
        title="Delete this webhook?"
        action="Delete"
        danger
        run={() =>
          removal(
            () => admin.DELETE("/admin/v1/tenants/{slug}/webhooks/{id}", { params: { path: { slug, id: hook.id } } }),
            `/tenants/${slug}/webhooks`,
            "The webhook is deleted.",
          )
        }
      >
        <code className="code foreign">{hook.url}</code> is told of nothing any more, and what is on its way there is
        gone. This cannot be undone; to stop for a while, disable it.
      </Confirm>
    </Section>
  );
}
