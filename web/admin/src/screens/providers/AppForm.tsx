// The fields of one app at an identity provider.
import {
  Button,
  Checkbox,
  Group,
  NativeSelect,
  SimpleGrid,
  Stack,
  TagsInput,
  Text,
  Textarea,
  TextInput,
  Title,
} from "@mantine/core";
import { useId, useState } from "react";
import { JsonText, Secret } from "../../settings/controls";
import type { Draft } from "../../settings/draft";
import { type Json, type JsonObject, valueAt } from "../../settings/patch";
import { faultAt } from "../../settings/SettingRow";
import { type Node, nodeAt, useSchema } from "../../settings/schema";
import { changed, type DraftApp, faultPath } from "./apps";
import { type AppField, known } from "./catalogue";
import { choicesOf, type Fields, labelOf, meaningOf, moreOf, neededBy, turned } from "./fields";

interface Props {
  draft: Draft;
  at: DraftApp;
  /** The app as it is saved, if it is. */
  saved: JsonObject | undefined;
}

export function AppForm({ draft, at, saved }: Props) {
  const [more, showMore] = useState(false);
  const provider = known.find((k) => k.id === at.provider);
  const others = moreOf(at.provider);
  const faulty = (path: string) => faultAt(draft.faults, faultPath(at, path)) !== "";
  // What has to be put right is shown, and stays until that is done.
  if (!more && others.some(({ of, fields }) => (of && faulty(of)) || fields.some(faulty))) {
    showMore(true);
  }
  const part = (fields: Fields) => <Part key={fields.title ?? ""} draft={draft} at={at} saved={saved} {...fields} />;
  return (
    <Stack gap="sm">
      {provider && (
        <Text size="sm" c="dimmed">
          Registered at: {provider.where}
        </Text>
      )}
      {neededBy(at.provider).map(part)}
      <Group>
        <Button size="compact-sm" variant="default" aria-expanded={more} onClick={() => showMore(!more)}>
          {more ? "Fewer settings" : "More settings"}
        </Button>
      </Group>
      {more && others.map(part)}
    </Stack>
  );
}

/** Fields that stand together. */
function Part({ title, lead, of, fields, ...props }: Props & Fields) {
  const id = useId();
  const fault = of ? (props.draft.faults[faultPath(props.at, of)] ?? "") : "";
  const grid = (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md">
      {fields.map((field) => (
        <Field key={field} {...props} field={field} />
      ))}
    </SimpleGrid>
  );
  if (!title) {
    return grid;
  }
  return (
    <Stack gap="sm" mt="xs" role="group" aria-labelledby={id}>
      <div>
        <Title order={4} size="sm" id={id}>
          {title}
        </Title>
        {lead && (
          <Text size="xs" c="dimmed">
            {lead}
          </Text>
        )}
        {fault && (
          <Text size="xs" c="var(--mantine-color-error)" role="alert">
            {fault}
          </Text>
        )}
      </div>
      {grid}
    </Stack>
  );
}

/** What is long takes the whole width. */
const wide = { gridColumn: "1 / -1" };

function Field({ draft, at, saved, field }: Props & { field: AppField }) {
  const { data: schema } = useSchema();
  const id = useId();
  const path = field.split(".");
  const node = fieldNode(schema, field);
  const value = valueAt(at.app, path);
  const before = valueAt(saved, path);
  const fault = faultAt(draft.faults, faultPath(at, field));
  const set = (v: Json | undefined) => draft.replace(changed(draft.mine, at, path, v));
  const label = labelOf(at.provider, field);
  const description = meaningOf(at.provider, field) ?? node?.description;
  const ids = { id, labelId: `${id}label`, describedBy: `${id}words`, invalid: fault !== "" };
  if (!node) {
    return null;
  }
  const kinds = Array.isArray(node.type) ? node.type : [node.type];
  if (node.writeOnly || field === "settings.auth_params" || field === "settings.verified_email") {
    const long = field === "settings.certificate_key" || field === "settings.advanced.private_key";
    return (
      <div style={long ? wide : undefined}>
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
            long={long}
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
  const choices =
    choicesOf[field] ??
    (node.enum && [
      { value: "", label: "As the provider says" },
      ...node.enum.filter((v) => v !== "").map((v) => ({ value: String(v), label: String(v) })),
    ]);
  if (choices) {
    const chosen = typeof value === "string" ? value : "";
    const foreign = choices.some((c) => c.value === chosen) ? [] : [{ value: chosen, label: chosen }];
    return (
      <NativeSelect
        {...common}
        value={chosen}
        data={[...choices, ...foreign]}
        onChange={(e) => set(e.currentTarget.value || undefined)}
      />
    );
  }
  if (turned.includes(field)) {
    return (
      <Checkbox
        {...common}
        checked={value === false}
        onChange={(e) => set(e.currentTarget.checked ? false : undefined)}
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
        value={Array.isArray(value) ? value.map(String) : typeof value === "string" ? [value] : []}
        splitChars={field === "settings.scope" ? [",", " "] : [","]}
        acceptValueOnBlur
        onChange={(v) => set(v.length === 0 ? undefined : v.length === 1 && kinds.includes("string") ? v[0] : v)}
      />
    );
  }
  if (node.format === "certificate") {
    return (
      <Textarea
        {...common}
        style={wide}
        value={typeof value === "string" ? value : ""}
        autoComplete="off"
        spellCheck={false}
        minRows={3}
        autosize
        maxRows={10}
        classNames={{ input: "code" }}
        onChange={(e) => set(e.currentTarget.value || undefined)}
      />
    );
  }
  return (
    <TextInput
      {...common}
      style={field === "settings.idp.metadata_url" ? wide : undefined}
      value={typeof value === "string" ? value : ""}
      autoComplete="off"
      spellCheck={false}
      required={field === "client_id"}
      onChange={(e) => set(e.currentTarget.value === "" && field !== "client_id" ? undefined : e.currentTarget.value)}
    />
  );
}

/** The schema of an app's field. */
function fieldNode(schema: Node | undefined, field: AppField): Node | undefined {
  const app = schema && nodeAt(schema, "socialaccount.providers.any.apps")?.items;
  return app && nodeAt(app, field);
}
