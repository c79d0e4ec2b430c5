// One setting, with the control that its schema asks for. Its words are the schema's; a screen may say them more plainly.
import {
  Badge,
  Button,
  Checkbox,
  Group,
  JsonInput,
  NativeSelect,
  NumberInput,
  PasswordInput,
  Stack,
  Switch,
  TagsInput,
  Text,
  TextInput,
} from "@mantine/core";
import { useState } from "react";
import { duration, spoken } from "../parts/words";
import type { Draft } from "./draft";
import type { Json } from "./patch";
import { controlOf, type Node, nodeAt, useSchema } from "./schema";

export interface SettingProps {
  draft: Draft;
  /** Such as account.login_methods: a path within the configuration. */
  path: string;
  label?: string;
  /** Plainer words than the schema's. */
  description?: string;
  /** What the values are called, where their own names are not plain. */
  names?: Record<string, string>;
  readOnly?: boolean;
}

/** What a default is, in words. */
export function defaultInWords(node: Node): string {
  if (node["x-default"] !== undefined) {
    return node["x-default"];
  }
  if (node.default === undefined || node.default === null) {
    return "nothing";
  }
  if (typeof node.default === "boolean") {
    return node.default ? "on" : "off";
  }
  if (typeof node.default === "number" && controlOf(node) === "seconds") {
    return duration(node.default);
  }
  if (Array.isArray(node.default)) {
    return node.default.join(", ") || "none";
  }
  return typeof node.default === "string" ? node.default || "empty" : JSON.stringify(node.default);
}

const title = (path: string) => spoken(path.slice(path.lastIndexOf(".") + 1));

export function Setting(props: SettingProps) {
  const { draft, path, readOnly } = props;
  const { data: schema } = useSchema();
  const node = schema && nodeAt(schema, path);
  if (!node) {
    return null;
  }
  const at = `config.${path}`;
  const value = draft.value(at);
  const label = props.label ?? title(path);
  const set = (v: Json | undefined) => draft.set(at, v);
  const fault = Object.entries(draft.faults)
    .filter(([where]) => where === at || where.startsWith(`${at}.`) || where.startsWith(`${at}[`))
    .map(([where, message]) => `${where.slice(at.length)} ${message}`.trim())
    .join("; ");
  const description = (
    <>
      {props.description ?? node.description}{" "}
      {value === undefined ? (
        <>Default: {defaultInWords(node)}.</>
      ) : (
        !readOnly && (
          <Button
            variant="transparent"
            size="compact-xs"
            px={0}
            c="var(--mantine-color-anchor)"
            onClick={() => set(undefined)}
          >
            Back to the default<span className="mantine-visually-hidden"> of {label}</span> ({defaultInWords(node)})
          </Button>
        )
      )}
    </>
  );
  const common = { label, description, error: fault || undefined, disabled: readOnly };
  const name = (v: Json) => props.names?.[String(v)] ?? String(v);
  switch (controlOf(node)) {
    case "switch":
      return (
        <Switch
          {...common}
          checked={Boolean(value ?? node.default ?? node["x-default"] === "true")}
          onChange={(e) => set(e.currentTarget.checked)}
        />
      );
    case "choice": {
      const choices = node.enum ?? [true, false];
      return (
        <NativeSelect
          {...common}
          value={value === undefined || value === null ? "" : JSON.stringify(value)}
          onChange={(e) => set(e.currentTarget.value === "" ? undefined : (JSON.parse(e.currentTarget.value) as Json))}
          data={[
            { value: "", label: `Default (${node.default === undefined ? defaultInWords(node) : name(node.default)})` },
            ...choices.filter((c) => c !== null).map((c) => ({ value: JSON.stringify(c), label: name(c) })),
          ]}
        />
      );
    }
    case "number":
    case "seconds":
    case "times": {
      const seconds = controlOf(node) === "seconds";
      const current = value === true ? 2 : value === false ? 0 : value;
      const effective =
        typeof current === "number" ? current : typeof node.default === "number" ? node.default : undefined;
      return (
        <NumberInput
          {...common}
          min={node.minimum}
          max={node.maximum}
          clampBehavior="none"
          allowDecimal={false}
          suffix={seconds ? " s" : undefined}
          value={typeof current === "number" ? current : ""}
          placeholder={defaultInWords(node)}
          onChange={(v) => set(v === "" ? undefined : Number(v))}
          rightSection={seconds && effective !== undefined ? <Text size="xs">{duration(effective)}</Text> : undefined}
          rightSectionWidth={seconds ? 130 : undefined}
          hideControls={seconds}
        />
      );
    }
    case "choices":
      return (
        <Checkbox.Group
          {...common}
          value={((value ?? node.default ?? []) as string[]).map(String)}
          onChange={(chosen) => set(chosen)}
        >
          <Group mt="xs" gap="lg">
            {(node.items?.enum ?? []).map((choice) => (
              <Checkbox key={String(choice)} value={String(choice)} label={name(choice)} disabled={readOnly} />
            ))}
          </Group>
        </Checkbox.Group>
      );
    case "list":
      return (
        <TagsInput
          {...common}
          value={((value ?? node.default ?? []) as string[]).map(String)}
          onChange={(v) => set(v)}
          placeholder={readOnly ? undefined : "Type one and press Enter"}
          acceptValueOnBlur
        />
      );
    case "secret":
      return <SecretSetting {...common} value={value as string | undefined} set={set} />;
    case "text":
      return (
        <TextInput
          {...common}
          value={typeof value === "string" ? value : ""}
          placeholder={defaultInWords(node)}
          onChange={(e) =>
            set(e.currentTarget.value === "" && node.default !== undefined ? undefined : e.currentTarget.value)
          }
        />
      );
    case "json":
      return <JsonSetting {...common} value={value} set={set} />;
  }
}

/** A setting that is written and never shown: the server tells that there is one, and no more. */
function SecretSetting(props: {
  label: string;
  description: React.ReactNode;
  error?: string;
  disabled?: boolean;
  value: string | undefined;
  set: (v: Json | undefined) => void;
}) {
  const { value, set, ...common } = props;
  const [replacing, setReplacing] = useState(false);
  const kept = value !== undefined && value !== "" && value.includes("********");
  if (kept && !replacing) {
    return (
      <Stack gap={4}>
        <Text size="sm" fw={500}>
          {props.label} <Badge>set</Badge>
        </Text>
        <Text size="xs" c="dimmed" component="div">
          {props.description} <span className="code foreign">{value === "********" ? "" : value}</span>
        </Text>
        {!props.disabled && (
          <Group gap="xs">
            <Button size="xs" variant="default" onClick={() => setReplacing(true)}>
              Replace<span className="mantine-visually-hidden"> {props.label}</span>
            </Button>
          </Group>
        )}
      </Stack>
    );
  }
  return (
    <PasswordInput
      {...common}
      value={kept ? "" : (value ?? "")}
      autoComplete="off"
      onChange={(e) => set(e.currentTarget.value === "" ? undefined : e.currentTarget.value)}
    />
  );
}

/** A setting that has no control of its own. */
function JsonSetting(props: {
  label: string;
  description: React.ReactNode;
  error?: string;
  disabled?: boolean;
  value: Json | undefined;
  set: (v: Json | undefined) => void;
}) {
  const { value, set, ...common } = props;
  const [text, setText] = useState<string>();
  return (
    <JsonInput
      {...common}
      value={text ?? (value === undefined ? "" : JSON.stringify(value, null, 2))}
      validationError="This is not JSON."
      formatOnBlur
      autosize
      minRows={2}
      maxRows={12}
      onChange={(v) => {
        setText(v);
        try {
          set(v.trim() === "" ? undefined : (JSON.parse(v) as Json));
        } catch {
          // not yet JSON
        }
      }}
      onBlur={() => setText(undefined)}
    />
  );
}
