import { Button, Group, JsonInput, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { admin } from "../../api/client";
import { inWords } from "../../api/problem";
import { Section } from "../../parts/Section";
import { useAct } from "../../parts/useAct";
import { useMay } from "../../session/me";
import { type JsonObject, patchOf, same } from "../../settings/patch";
import { metadataFault, metadataOf, written } from "./json";
import { at, type OfUser } from "./of";

export function Metadata({ slug, user }: OfUser) {
  return (
    <>
      <Part
        slug={slug}
        user={user}
        name="metadata_public"
        title="Public metadata"
        lead="What the tenant's own programs may show, such as a plan. They read it with the admin API."
      />
      <Part
        slug={slug}
        user={user}
        name="metadata_private"
        title="Private metadata"
        lead="Notes for operators alone, such as a customer number. The user never sees it."
      />
    </>
  );
}

function Part(props: OfUser & { name: "metadata_public" | "metadata_private"; title: string; lead: string }) {
  const { slug, user, name } = props;
  const may = useMay();
  const { act, busy } = useAct();
  // What the editing began with: what is sent is the difference to it, so that others' changes elsewhere stay.
  const [draft, setDraft] = useState<{ base: JsonObject; text: string }>();
  const [error, setError] = useState<unknown>();
  const is = user[name] as JsonObject;
  const text = draft?.text ?? written(is);
  const value = metadataOf(text);
  const fault = metadataFault(text);
  const changed = draft !== undefined && (value === undefined || !same(value, draft.base));
  const save = async () => {
    if (!draft || value === undefined) {
      return;
    }
    try {
      await act(
        () =>
          admin.PATCH("/admin/v1/tenants/{slug}/users/{id}", {
            params: at({ slug, user }),
            body: { [name]: patchOf(draft.base, value) } as never,
          }),
        `${props.title} saved.`,
      );
      setDraft(undefined);
      setError(undefined);
    } catch (failed) {
      setError(failed);
    }
  };
  return (
    <Section title={props.title} lead={props.lead}>
      {may("users.change") ? (
        <Stack gap="sm">
          <JsonInput
            aria-label={props.title}
            value={text}
            onChange={(t) => setDraft({ base: draft?.base ?? is, text: t })}
            autosize
            minRows={4}
            maxRows={24}
            spellCheck={false}
            error={fault ?? (error === undefined ? undefined : inWords(error))}
            styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: "0.85rem" } }}
          />
          <Group justify="end" gap="xs">
            <Button
              variant="default"
              disabled={!changed}
              onClick={() => {
                setDraft(undefined);
                setError(undefined);
              }}
            >
              Discard
            </Button>
            <Button disabled={!changed || fault !== undefined} loading={busy} onClick={() => void save()}>
              Save
            </Button>
          </Group>
        </Stack>
      ) : Object.keys(is).length === 0 ? (
        <Text size="sm" c="dimmed">
          None.
        </Text>
      ) : (
        <pre className="sample code">{written(is)}</pre>
      )}
    </Section>
  );
}
