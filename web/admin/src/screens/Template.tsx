import { Badge, Button, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api } from "../api/client";
import { faultsOf, isProblem } from "../api/problem";
import { Confirm } from "../parts/Confirm";
import { Empty } from "../parts/Empty";
import { Failure } from "../parts/Failure";
import { Loaded } from "../parts/Loaded";
import { Meanwhile } from "../parts/Meanwhile";
import { Page } from "../parts/Page";
import { Section } from "../parts/Section";
import { sh } from "../parts/sh";
import { done } from "../parts/tell";
import { useMay } from "../session/me";
import { useUnsaved } from "../session/unsaved";
import { useTenant } from "../settings/draft";
import { channels, labelOf, whenOf } from "./messages/kinds";
import { Preview } from "./template/Preview";
import { Words } from "./template/Words";
import { alike, type Kind, ownOf, partsOf, type Texts } from "./template/words";

/** What messages of one kind say: words of the tenant's own beside what people get. */
export default function Template() {
  const { slug = "", kind: name = "" } = useParams({ strict: false });
  const query = api.useQuery("get", "/admin/v1/tenants/{slug}/templates", { params: { path: { slug } } });
  return (
    <Page
      title={labelOf(name)}
      tab={`${labelOf(name)} · ${slug}`}
      above={[{ label: "Message templates", to: `/tenants/${slug}/templates` }]}
      lead={whenOf(name)}
      commands={[
        sh`admin mail template show ${name} --tenant ${slug} > new.json`,
        sh`admin mail preview --tenant ${slug} --kind ${name} --template new.json`,
        sh`admin mail template set ${name} --tenant ${slug} --template new.json`,
        sh`admin mail template reset ${name} --tenant ${slug} --yes`,
      ]}
    >
      <Loaded query={query} lines={10}>
        {(data) => {
          const kind = data.items.find((k) => k.kind === name);
          return kind ? (
            <Editor key={name} slug={slug} kind={kind} common={data.common} />
          ) : (
            <Empty title="There is no such kind of message">
              The list of message templates has every kind that this server sends.
            </Empty>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Editor({ slug, kind, common }: { slug: string; kind: Kind; common: string[] }) {
  const may = useMay();
  const tenant = useTenant(slug);
  const [edited, setEdited] = useState<{ texts: Texts; version: number }>();
  const [resetting, reset] = useDisclosure(false);
  const [faults, setFaults] = useState<Record<string, string>>({});
  const saved = ownOf(kind);
  const texts = edited?.texts ?? saved;
  const changed = edited !== undefined && !alike(edited.texts, saved);
  const readOnly = !may("tenants.change");
  const put = api.useMutation("put", "/admin/v1/tenants/{slug}/templates/{kind}");
  const remove = api.useMutation("delete", "/admin/v1/tenants/{slug}/templates/{kind}");
  const where = { slug, kind: kind.kind };
  useUnsaved(changed, "Leave this page? What you wrote is not saved.", put.isPending);
  const change = (next: Texts) => {
    put.reset();
    setEdited({ texts: next, version: edited?.version ?? tenant.data?.version ?? 0 });
  };
  const save = async () => {
    const header = edited && edited.version > 0 ? { "If-Match": `"${edited.version}"` } : {};
    const own = Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ""));
    try {
      if (Object.keys(own).length === 0) {
        await remove.mutateAsync({ params: { path: where, header } });
      } else {
        await put.mutateAsync({ params: { path: where, header }, body: own });
      }
      setEdited(undefined);
      done("Saved. The next message says it.");
    } catch {
      // it is shown below
    }
  };
  const failed = put.error ?? remove.error;
  const stale = isProblem(failed, "stale", "conflict");
  const refused = isProblem(failed, "invalid") ? faultsOf(failed) : {};
  return (
    <Stack gap="lg">
      <Group gap="xs">
        {kind.channels.map((c) => (
          <Badge key={c} color="gray">
            {channels[c] ?? c}
          </Badge>
        ))}
        <Badge color={kind.own ? "green" : "gray"}>{kind.own ? "Words of the tenant's own" : "Built-in words"}</Badge>
        {kind.needs.length > 0 && (
          <Text size="sm" c="dimmed">
            Must show{" "}
            {kind.needs.map((n, i) => (
              <span key={n}>
                {i > 0 && " or "}
                <code className="code">{`{{.${n}}}`}</code>
              </span>
            ))}
            : it is what the message is for.
          </Text>
        )}
      </Group>
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="lg">
        <Section
          title="Words"
          lead="What you leave built in stays as it comes with the server, also after updates."
          actions={
            !readOnly &&
            kind.own && (
              <Button variant="default" size="xs" onClick={reset.open}>
                Reset to built-in
              </Button>
            )
          }
        >
          {partsOf(kind).map((part) => (
            <Words
              key={part}
              part={part}
              kind={kind}
              common={common}
              texts={texts}
              fault={refused[part] ?? refused[`template.${part}`] ?? faults[`template.${part}`]}
              readOnly={readOnly}
              change={change}
            />
          ))}
          {failed && !stale && Object.keys(refused).length === 0 ? <Failure error={failed} /> : null}
          {stale && (
            <Meanwhile
              ways={[
                {
                  label: "Let me save on top",
                  go: () => {
                    put.reset();
                    remove.reset();
                    setEdited({ texts, version: 0 });
                  },
                },
              ]}
            >
              Your words are still here. If you save again, they take the place of whatever this message says by now;
              nothing else of the tenant is touched.
            </Meanwhile>
          )}
          {!readOnly && (
            <Group justify="end">
              <Button
                variant="default"
                disabled={!changed}
                onClick={() => {
                  setEdited(undefined);
                  put.reset();
                  remove.reset();
                }}
              >
                Discard
              </Button>
              <Button onClick={save} disabled={!changed || stale} loading={put.isPending || remove.isPending}>
                Save
              </Button>
            </Group>
          )}
        </Section>
        {may("mail.preview") && <Preview slug={slug} kind={kind} texts={texts} tell={setFaults} />}
      </SimpleGrid>
      <Confirm
        opened={resetting}
        close={reset.close}
        title="Reset to the built-in words?"
        action="Reset"
        run={async () => {
          await remove.mutateAsync({ params: { path: where } });
          setEdited(undefined);
          done("The built-in words are sent from now on.");
        }}
      >
        Messages of this kind say what is built in from now on. Your words stay in the tenant's earlier versions, and
        can be had back from there.
      </Confirm>
    </Stack>
  );
}
