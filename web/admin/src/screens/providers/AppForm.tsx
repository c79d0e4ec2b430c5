// The fields of one app at an identity provider.
import { Button, Checkbox, Group, NativeSelect, SimpleGrid, Stack, TagsInput, Text, TextInput } from "@mantine/core";
import { useId, useState } from "react";
import { JsonText, Secret } from "../../settings/controls";
import type { Draft } from "../../settings/draft";
import { type Json, type JsonObject, valueAt } from "../../settings/patch";
import { faultAt } from "../../settings/SettingRow";
import { type Node, nodeAt, useSchema } from "../../settings/schema";
import { changed, type DraftApp, faultPath } from "./apps";
import { type AppField, known } from "./catalogue";

/** What the fields are called unless a provider calls them otherwise. */
const labels: Record<string, string> = {
  client_id: "Client ID",
  name: "Name",
  provider_id: "Id of this app",
  secret: "Client secret",
  key: "Key",
  "settings.server_url": "Issuer",
  "settings.tenant": "Directory",
  "settings.github_url": "Address of your own server",
  "settings.gitlab_url": "Address of your own server",
  "settings.certificate_key": "Private key",
  "settings.uid_field": "Claim that identifies people",
};

const all: AppField[] = ["provider_id", "secret", "key", "settings.server_url"];

interface Props {
  draft: Draft;
  at: DraftApp;
  /** The app as it is saved, if it is. */
  saved: JsonObject | undefined;
}

export function AppForm({ draft, at, saved }: Props) {
  const [more, showMore] = useState(false);
  const provider = known.find((k) => k.id === at.provider);
  const needs = provider?.needs ?? all;
  const label = (field: string) => provider?.labels?.[field as AppField] ?? labels[field] ?? field;
  return (
    <Stack gap="sm">
      {provider && (
        <Text size="sm" c="dimmed">
          Registered at: {provider.where}
        </Text>
      )}
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
        <Field draft={draft} at={at} saved={saved} field="client_id" label={label("client_id")} />
        <Field draft={draft} at={at} saved={saved} field="name" label={label("name")} />
        {needs.map((field) => (
          <Field key={field} draft={draft} at={at} saved={saved} field={field} label={label(field)} />
        ))}
      </SimpleGrid>
      <Group>
        <Button size="compact-sm" variant="default" aria-expanded={more} onClick={() => showMore(!more)}>
          {more ? "Fewer settings" : "More settings"}
        </Button>
      </Group>
      {more && (
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
          {provider && !needs.includes("provider_id") && (
            <Field draft={draft} at={at} saved={saved} field="provider_id" label={label("provider_id")} />
          )}
          <Field
            draft={draft}
            at={at}
            saved={saved}
            field="settings.hidden"
            label="Leave it out of front ends' lists"
          />
          <Field draft={draft} at={at} saved={saved} field="settings.scope" label="Scopes" />
          <Field draft={draft} at={at} saved={saved} field="settings.oauth_pkce_enabled" label="PKCE" />
          <Field
            draft={draft}
            at={at}
            saved={saved}
            field="settings.token_auth_method"
            label="How the client authenticates"
          />
          <Field draft={draft} at={at} saved={saved} field="settings.uid_field" label={label("settings.uid_field")} />
          <Field draft={draft} at={at} saved={saved} field="settings.fetch_userinfo" label="Fetch the profile, too" />
          <Field
            draft={draft}
            at={at}
            saved={saved}
            field="settings.email_authentication"
            label="A verified address signs in"
          />
          <Field
            draft={draft}
            at={at}
            saved={saved}
            field="settings.email_authentication_auto_connect"
            label="And connects for good"
          />
          <Field
            draft={draft}
            at={at}
            saved={saved}
            field="settings.verified_email"
            label="Addresses count as verified"
          />
          <Field draft={draft} at={at} saved={saved} field="settings.auth_params" label="Parameters of the request" />
        </SimpleGrid>
      )}
    </Stack>
  );
}

/** What fields mean where the schema only says that it is the provider's. */
const described: Record<string, string> = {
  "settings.scope": "What to ask for, instead of the provider's usual ones.",
  "settings.oauth_pkce_enabled": "Protects the exchange of the code.",
  "settings.fetch_userinfo": "On top of what the id token says.",
  "settings.email_authentication":
    "In to the account that has it. Only for providers that you trust with every account.",
  "settings.email_authentication_auto_connect": "Such a sign-in connects the two.",
  "settings.verified_email": "Although the provider does not say so: true, or a list of domains.",
  "settings.auth_params": "Added to the authorization request.",
};

function Field({ draft, at, saved, field, label }: Props & { field: string; label: string }) {
  const { data: schema } = useSchema();
  const id = useId();
  const path = field.split(".");
  const node = fieldNode(schema, field);
  const value = valueAt(at.app, path);
  const before = valueAt(saved, path);
  const fault = faultAt(draft.faults, faultPath(at, field));
  const set = (v: Json | undefined) => draft.replace(changed(draft.mine, at, path, v));
  const description = described[field] ?? node?.description;
  const ids = { id, labelId: `${id}label`, describedBy: `${id}words`, invalid: fault !== "" };
  if (!node) {
    return null;
  }
  const kinds = Array.isArray(node.type) ? node.type : [node.type];
  if (node.writeOnly || field === "settings.auth_params" || field === "settings.verified_email") {
    return (
      <div>
        <Text size="sm" fw={550} component="label" htmlFor={id} id={ids.labelId}>
          {label}
        </Text>
        <Text size="xs" c="dimmed" id={ids.describedBy} mb={5}>
          {description}
        </Text>
        {node.writeOnly ? (
          <Secret
            ids={ids}
            label={label}
            value={typeof value === "string" ? value : undefined}
            saved={typeof before === "string" ? before : undefined}
            long={field.endsWith("certificate_key")}
            set={set}
          />
        ) : (
          <JsonText ids={ids} label={label} draft={draft} at={faultPath(at, field)} value={value} set={set} />
        )}
        {fault && (
          <Text size="xs" c="var(--mantine-color-error)" role="alert">
            {fault}
          </Text>
        )}
      </div>
    );
  }
  const common = { label, description, error: fault || undefined };
  if (node.enum) {
    return (
      <NativeSelect
        {...common}
        value={typeof value === "string" ? value : ""}
        data={[
          { value: "", label: "As the provider says" },
          ...node.enum.filter((v) => v !== "").map((v) => ({ value: String(v), label: String(v) })),
        ]}
        onChange={(e) => set(e.currentTarget.value || undefined)}
      />
    );
  }
  if (kinds.includes("boolean")) {
    return kinds.includes("null") ? (
      <NativeSelect
        {...common}
        value={value === true ? "true" : value === false ? "false" : ""}
        data={[
          { value: "", label: "As for the provider" },
          { value: "true", label: "Yes" },
          { value: "false", label: "No" },
        ]}
        onChange={(e) => set(e.currentTarget.value === "" ? undefined : e.currentTarget.value === "true")}
      />
    ) : (
      <Checkbox {...common} checked={value === true} onChange={(e) => set(e.currentTarget.checked || undefined)} />
    );
  }
  if (kinds.includes("array")) {
    return (
      <TagsInput
        {...common}
        value={Array.isArray(value) ? value.map(String) : []}
        splitChars={[",", " "]}
        acceptValueOnBlur
        onChange={(v) => set(v.length === 0 ? undefined : v)}
      />
    );
  }
  return (
    <TextInput
      {...common}
      value={typeof value === "string" ? value : ""}
      autoComplete="off"
      spellCheck={false}
      required={field === "client_id"}
      onChange={(e) => set(e.currentTarget.value === "" && field !== "client_id" ? undefined : e.currentTarget.value)}
    />
  );
}

/** The schema of an app's field. */
function fieldNode(schema: Node | undefined, field: string): Node | undefined {
  const app = schema && nodeAt(schema, "socialaccount.providers.any.apps")?.items;
  return app && nodeAt(app, field);
}
