// One part of a template: words of the tenant's own, or what is built in, as a beginning.
import { Badge, Button, Group, Menu, Stack, Text, Textarea, TextInput, VisuallyHidden } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useId, useRef } from "react";
import { inserted, type Kind, meaningOf, type Part, type Texts } from "./words";

const labels: Record<Part, string> = {
  subject: "Subject",
  text: "Plain text",
  html: "HTML",
  sms: "Text message",
};

export function Words(props: {
  part: Part;
  kind: Kind;
  common: string[];
  texts: Texts;
  fault: string | undefined;
  readOnly: boolean;
  change: (texts: Texts) => void;
}) {
  const { part, kind, texts, readOnly } = props;
  const id = useId();
  const field = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  const own = texts[part] !== undefined;
  const value = texts[part] ?? kind.built_in[part];
  const set = (text: string | undefined) => props.change({ ...texts, [part]: text });
  const noHTML = part === "html" && !own && texts.text !== undefined;
  const insert = (variable: string) => {
    const at = field.current;
    const put = inserted(value, variable, at?.selectionStart ?? value.length, at?.selectionEnd ?? value.length);
    set(put.text);
    requestAnimationFrame(() => {
      at?.focus();
      at?.setSelectionRange(put.at, put.at);
    });
  };
  const common = {
    id,
    ref: field,
    "aria-label": labels[part],
    value: noHTML ? "" : value,
    readOnly: readOnly || !own,
    error: props.fault && `${labels[part]} ${props.fault}`,
    onChange: (e: { currentTarget: { value: string } }) => set(e.currentTarget.value),
    spellCheck: part !== "html",
    styles: { input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 13 } },
    variant: own && !readOnly ? "default" : "filled",
  };
  return (
    <Stack gap={6}>
      <Group justify="space-between" gap="xs">
        <Group gap="xs">
          <Text component="label" htmlFor={id} size="sm" fw={600}>
            {labels[part]}
          </Text>
          <Badge size="sm" color={own ? "green" : "gray"}>
            {own ? "own" : noHTML ? "left out" : "built in"}
          </Badge>
        </Group>
        {!readOnly && (
          <Group gap="xs">
            {own && (
              <Menu position="bottom-end" shadow="md" returnFocus={false}>
                <Menu.Target>
                  <Button size="compact-xs" variant="default" rightSection={<IconChevronDown size={12} />}>
                    Insert<VisuallyHidden component="span"> a variable into {labels[part]}</VisuallyHidden>
                  </Button>
                </Menu.Target>
                <Menu.Dropdown mah={340} style={{ overflowY: "auto" }}>
                  <Menu.Label>Of this kind</Menu.Label>
                  {kind.variables.map((v) => (
                    <Variable key={v} name={v} needed={kind.needs.includes(v)} insert={insert} />
                  ))}
                  <Menu.Label>Of every kind</Menu.Label>
                  {props.common.map((v) => (
                    <Variable key={v} name={v} insert={insert} />
                  ))}
                </Menu.Dropdown>
              </Menu>
            )}
            <Button size="compact-xs" variant="default" onClick={() => set(own ? undefined : kind.built_in[part])}>
              {own ? "Use built-in" : "Write your own"}
              <VisuallyHidden component="span"> {labels[part]}</VisuallyHidden>
            </Button>
          </Group>
        )}
      </Group>
      {part === "subject" ? (
        <TextInput {...common} />
      ) : (
        <Textarea {...common} autosize minRows={3} maxRows={part === "html" ? 16 : 12} />
      )}
      {noHTML && (
        <Text size="xs" c="dimmed">
          A plain text of your own goes without the built-in HTML, which would say something else. Write HTML of your
          own to send both.
        </Text>
      )}
      {part === "sms" && own && (
        <Text size="xs" c="dimmed">
          {value.length} of at most 1,600 characters. More than 160 are sent, and paid for, as several.
        </Text>
      )}
    </Stack>
  );
}

function Variable(props: { name: string; needed?: boolean; insert: (name: string) => void }) {
  return (
    <Menu.Item onClick={() => props.insert(props.name)}>
      <code className="code">{`{{.${props.name}}}`}</code>
      {props.needed && " *"}
      <Text size="xs" c="dimmed">
        {meaningOf(props.name)}
      </Text>
    </Menu.Item>
  );
}
