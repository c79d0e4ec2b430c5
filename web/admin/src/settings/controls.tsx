// Controls that Mantine does not have: lengths of time, secrets, JSON, and few choices with what each means.
import {
  Button,
  Checkbox,
  Group,
  JsonInput,
  NativeSelect,
  NumberInput,
  PasswordInput,
  Radio,
  Stack,
  Text,
  Textarea,
  VisuallyHidden,
} from "@mantine/core";
import { useEffect, useState } from "react";
import type { Draft } from "./draft";
import type { Json } from "./patch";
import type { Ids } from "./SettingRow";
import { fromUnits, type Unit, unitOf, units } from "./units";

interface Common {
  ids: Ids;
  label: string;
  readOnly?: boolean;
}

export const tied = ({ ids, readOnly }: Common) => ({
  id: ids.id,
  "aria-describedby": ids.describedBy,
  error: ids.invalid,
  disabled: readOnly,
});

/** A length of time, as a number and its unit. */
export function Seconds(
  props: Common & { value: number | undefined; fallback: number | undefined; set: (v: number | undefined) => void },
) {
  const { value, fallback } = props;
  const [chosen, choose] = useState<Unit>();
  const shown = value ?? fallback ?? 0;
  const unit = chosen && Number.isInteger(shown / units[chosen]) ? chosen : unitOf(shown);
  return (
    <Group gap={6} wrap="nowrap">
      <NumberInput
        {...tied(props)}
        flex={1}
        min={0}
        allowDecimal={false}
        allowNegative={false}
        hideControls
        value={value === undefined ? "" : value / units[unit]}
        placeholder={fallback === undefined ? undefined : String(fallback / units[unit])}
        onChange={(v) => props.set(v === "" ? undefined : fromUnits(Number(v), unit))}
      />
      <NativeSelect
        aria-label={`Unit of ${props.label}`}
        w={112}
        disabled={props.readOnly}
        value={unit}
        data={Object.keys(units)}
        onChange={(e) => {
          const next = e.currentTarget.value as Unit;
          choose(next);
          props.set(fromUnits(shown / units[unit], next));
        }}
      />
    </Group>
  );
}

/** One of few, with what each means. */
export function Choice(
  props: Common & {
    value: Json | undefined;
    fallback: Json | undefined;
    choices: Json[];
    name: (v: Json) => string;
    help?: Record<string, string>;
    set: (v: Json) => void;
  },
) {
  const current = props.value ?? props.fallback;
  return (
    <Stack gap="xs" role="radiogroup" aria-labelledby={props.ids.labelId} aria-describedby={props.ids.describedBy}>
      {props.choices.map((choice) => (
        <Radio
          key={String(choice)}
          name={props.ids.id}
          value={String(choice)}
          checked={current === choice}
          disabled={props.readOnly}
          onChange={() => props.set(choice)}
          label={props.name(choice)}
          description={props.help?.[String(choice)]}
        />
      ))}
    </Stack>
  );
}

/** Some of few, with what each means. */
export function Choices(
  props: Common & {
    value: string[];
    choices: string[];
    name: (v: Json) => string;
    help?: Record<string, string>;
    set: (v: string[]) => void;
  },
) {
  return (
    <Stack gap="xs">
      {props.choices.map((choice) => (
        <Checkbox
          key={choice}
          checked={props.value.includes(choice)}
          disabled={props.readOnly}
          label={props.name(choice)}
          description={props.help?.[choice]}
          onChange={(e) =>
            props.set(
              e.currentTarget.checked ? [...props.value, choice] : props.value.filter((chosen) => chosen !== choice),
            )
          }
        />
      ))}
    </Stack>
  );
}

/** A value that is written and never shown: the server tells that there is one, and no more. */
export function Secret(
  props: Common & {
    value: string | undefined;
    /** The same as it is saved: what the server shows of it, or undefined. */
    saved: string | undefined;
    /** Whether it is long, such as a key in PEM. */
    long?: boolean;
    set: (v: string | undefined) => void;
  },
) {
  const { value, saved } = props;
  const kept = value?.includes("********") ?? false;
  // What the value was made here, from when somebody asked to replace it. Once it is something else, it was saved, discarded, or changed
  // by somebody else: the new one is there, and is not being replaced.
  const [replacement, replace] = useState<{ value: string | undefined }>();
  const replacing = replacement !== undefined && replacement.value === value;
  const set = (next: string | undefined) => {
    if (replacing) {
      replace({ value: next });
    }
    props.set(next);
  };
  if (kept && !replacing) {
    return (
      <Group gap="xs">
        <Text size="sm" className="foreign" id={props.ids.id}>
          {value === "********" ? "Set. It cannot be shown." : value}
        </Text>
        {!props.readOnly && (
          <Button size="compact-sm" variant="default" onClick={() => replace({ value })}>
            Replace<VisuallyHidden component="span"> {props.label}</VisuallyHidden>
          </Button>
        )}
      </Group>
    );
  }
  const common = {
    ...tied(props),
    value: kept ? "" : (value ?? ""),
    autoComplete: "off",
    spellCheck: false,
    placeholder: replacing ? "The new one" : undefined,
    onChange: (e: { currentTarget: { value: string } }) =>
      set(e.currentTarget.value === "" ? (replacing ? saved : undefined) : e.currentTarget.value),
  };
  return (
    <Stack gap={4}>
      {props.long ? (
        <Textarea {...common} minRows={4} autosize maxRows={10} classNames={{ input: "code" }} />
      ) : (
        <PasswordInput {...common} />
      )}
      {replacing && (
        <Group gap="xs">
          <Button
            size="compact-xs"
            variant="subtle"
            onClick={() => {
              props.set(saved);
              replace(undefined);
            }}
          >
            Keep what is set
          </Button>
          <Button
            size="compact-xs"
            variant="subtle"
            color="red.9"
            onClick={() => {
              props.set(undefined);
              replace(undefined);
            }}
          >
            Take it away
          </Button>
        </Group>
      )}
    </Stack>
  );
}

/** A value that has no control of its own. */
export function JsonText(
  props: Common & {
    value: Json | undefined;
    set: (v: Json | undefined) => void;
    rows?: number;
    /** The draft that it is a part of, and where: nothing is saved while the text is no JSON, and discarding takes the text along. */
    draft: Draft;
    at: string;
  },
) {
  const { value, set, at } = props;
  const { hold, round } = props.draft;
  const [typed, setTyped] = useState<{ text: string; round: number }>();
  const text = typed?.round === round ? typed.text : undefined;
  const setText = (next: string | undefined) => setTyped(next === undefined ? undefined : { text: next, round });
  const broken = text !== undefined && text.trim() !== "" && parsed(text) === undefined;
  useEffect(() => {
    if (!broken) {
      return;
    }
    hold(at, "is not JSON yet");
    return () => hold(at, undefined);
  }, [hold, at, broken]);
  return (
    <JsonInput
      {...tied(props)}
      value={text ?? (value === undefined ? "" : JSON.stringify(value, null, 2))}
      error={props.ids.invalid}
      autosize
      minRows={props.rows ?? 2}
      maxRows={16}
      spellCheck={false}
      onChange={(next) => {
        setText(next);
        const json = parsed(next);
        if (json !== undefined) {
          set(json);
        } else if (next.trim() === "") {
          set(undefined);
        }
      }}
      onBlur={() => {
        if (!broken) {
          setText(undefined);
        }
      }}
    />
  );
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
