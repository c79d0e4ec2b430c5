// One setting, with the control that its schema asks for. Its words are the schema's; a screen may say them more plainly.
import { Group, NativeSelect, NumberInput, Switch, TagsInput, Text, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import { duration, number, spoken } from "../parts/words";
import { Choice, Choices, JsonText, Seconds, Secret, tied } from "./controls";
import type { Draft } from "./draft";
import { type Json, same, valueAt } from "./patch";
import { type Ids, SettingRow } from "./SettingRow";
import { controlOf, type Node, nodeAt, useSchema } from "./schema";

export interface SettingProps {
  draft: Draft;
  /** Such as account.login_methods: a path within the configuration. */
  path: string;
  label?: string;
  /** Plainer words than the schema's. */
  description?: ReactNode;
  /** What the values are called, where their own names are not plain. */
  names?: Record<string, string>;
  /** What each value means; few choices are shown with it, one below the other. */
  help?: Record<string, string>;
  /** What the default comes to for this tenant, where the schema cannot know. */
  fallback?: string;
  placeholder?: string;
  /** Whether a secret has lines, such as a key in PEM. */
  long?: boolean;
  /** What follows a number, such as "characters". */
  unit?: string;
  /** The control below the words, over the whole width: for what is long. */
  wide?: boolean;
  readOnly?: boolean;
}

/** What a default is, in words. */
export function defaultInWords(node: Node, names?: Record<string, string>): string {
  const given = node["x-default"];
  if (given !== undefined) {
    return given === "null" ? "not set" : given;
  }
  if (node.default === undefined || node.default === null) {
    return "not set";
  }
  const named = names?.[String(node.default)];
  if (named !== undefined) {
    return named;
  }
  if (controlOf(node) === "times") {
    return "not at all";
  }
  if (typeof node.default === "boolean") {
    return node.default ? "on" : "off";
  }
  if (typeof node.default === "number" && controlOf(node) === "seconds") {
    return duration(node.default);
  }
  if (Array.isArray(node.default)) {
    return node.default.map((v) => names?.[String(v)] ?? String(v)).join(", ") || "none";
  }
  return typeof node.default === "string" ? node.default || "empty" : JSON.stringify(node.default);
}

/** Choices in the order in which a screen explains them. */
function inOrder(choices: Json[], order: string[]): Json[] {
  const place = (v: Json) => (order.indexOf(String(v)) + order.length + 1) % (order.length + 1);
  return [...choices].sort((a, b) => place(a) - place(b));
}

const wide = new Set(["list", "choices", "oneOrList", "json"]);

export function Setting(props: SettingProps) {
  const { draft, path, readOnly, names } = props;
  const { data: schema } = useSchema();
  const node = schema && nodeAt(schema, path);
  if (!node) {
    return null;
  }
  const at = `config.${path}`;
  const control = controlOf(node);
  const label = props.label ?? spoken(path.slice(path.lastIndexOf(".") + 1));
  const explained = control === "choice" && props.help !== undefined;
  return (
    <SettingRow
      draft={draft}
      at={at}
      label={label}
      description={props.description ?? node.description}
      fallback={
        props.fallback ??
        defaultInWords(node, names) + (typeof node.default === "number" && props.unit ? ` ${props.unit}` : "")
      }
      wide={props.wide || wide.has(control) || explained}
      group={control === "choices" || control === "oneOrList" || explained}
      kind={control === "switch" ? "switch" : undefined}
      readOnly={readOnly}
    >
      {(ids) => <Control {...props} node={node} label={label} ids={ids} />}
    </SettingRow>
  );
}

function Control(props: SettingProps & { node: Node; label: string; ids: Ids }) {
  const { draft, node, label, ids, readOnly } = props;
  const at = `config.${props.path}`;
  const value = draft.value(at);
  const saved = valueAt(draft.base, at.split("."));
  // Whoever goes back to what was the default anyway has changed nothing.
  const set = (v: Json | undefined) => draft.set(at, saved === undefined && same(v, node.default) ? undefined : v);
  const name = (v: Json) => props.names?.[String(v)] ?? (v === true ? "On" : v === false ? "Off" : String(v));
  const common = { ids, label, readOnly };
  const inWords = props.fallback ?? defaultInWords(node, props.names);
  switch (controlOf(node)) {
    case "switch":
      return (
        <Group gap="xs" wrap="nowrap">
          {readOnly && (
            <Text size="sm" aria-hidden>
              {(value ?? node.default ?? node["x-default"] === "true") ? "On" : "Off"}
            </Text>
          )}
          <Switch
            {...tied(common)}
            checked={Boolean(value ?? node.default ?? node["x-default"] === "true")}
            onChange={(e) => set(e.currentTarget.checked)}
          />
        </Group>
      );
    case "choice": {
      const choices = (node.enum ?? [true, false]).filter((c) => c !== null);
      if (props.help) {
        return (
          <Choice
            {...common}
            value={value}
            fallback={node.default}
            choices={inOrder(choices, Object.keys(props.help))}
            name={name}
            help={props.help}
            set={set}
          />
        );
      }
      return (
        <NativeSelect
          {...tied(common)}
          value={value === undefined || value === null ? "" : JSON.stringify(value)}
          onChange={(e) => set(e.currentTarget.value === "" ? undefined : (JSON.parse(e.currentTarget.value) as Json))}
          data={[
            { value: "", label: `Default: ${node.default === undefined ? inWords : name(node.default)}` },
            ...choices.map((c) => ({ value: JSON.stringify(c), label: name(c) })),
          ]}
        />
      );
    }
    case "seconds":
      return (
        <Seconds
          {...common}
          value={typeof value === "number" ? value : undefined}
          fallback={typeof node.default === "number" ? node.default : undefined}
          set={set}
        />
      );
    case "number":
    case "times": {
      const current = value === true ? 2 : value === false ? 0 : value;
      const times = controlOf(node) === "times";
      return (
        <NumberInput
          {...tied(common)}
          min={node.minimum}
          max={node.maximum}
          clampBehavior="none"
          allowDecimal={false}
          allowNegative={(node.minimum ?? 0) < 0}
          thousandSeparator=","
          suffix={times ? (current === 1 ? " time" : " times") : props.unit && ` ${props.unit}`}
          value={typeof current === "number" ? current : ""}
          placeholder={
            typeof node.default === "number" && props.unit ? `${number(node.default)} ${props.unit}` : inWords
          }
          onChange={(v) => set(v === "" ? undefined : Number(v))}
        />
      );
    }
    case "choices":
      return (
        <Choices
          {...common}
          value={((value ?? node.default ?? []) as string[]).map(String)}
          choices={(node.items?.enum ?? []).map(String)}
          name={name}
          help={props.help}
          set={set}
        />
      );
    case "oneOrList": {
      const all = (node.items?.enum ?? []).map(String);
      const chosen = value === true ? all : Array.isArray(value) ? value.map(String) : [];
      return (
        <Choices
          {...common}
          value={chosen}
          choices={all}
          name={name}
          help={props.help}
          set={(v) => set(v.length === 0 ? false : v)}
        />
      );
    }
    case "list":
      return (
        <TagsInput
          {...tied(common)}
          value={((value ?? node.default ?? []) as string[]).map(String)}
          onChange={(v) => set(v)}
          placeholder={readOnly ? undefined : (props.placeholder ?? "Type one and press Enter")}
          splitChars={[",", " "]}
          acceptValueOnBlur
        />
      );
    case "secret":
      return (
        <Secret
          {...common}
          long={props.long}
          value={typeof value === "string" ? value : undefined}
          saved={typeof saved === "string" ? saved : undefined}
          set={set}
        />
      );
    case "text":
      return (
        <TextInput
          {...tied(common)}
          value={typeof value === "string" ? value : ""}
          placeholder={props.placeholder ?? inWords}
          onChange={(e) =>
            set(
              e.currentTarget.value === "" && (node.default !== undefined || saved === undefined)
                ? undefined
                : e.currentTarget.value,
            )
          }
        />
      );
    case "json":
      return <JsonText {...common} draft={draft} at={at} value={value} set={set} />;
  }
}
