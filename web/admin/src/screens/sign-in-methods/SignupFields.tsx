// An editor of what signup asks for, and in which order.
import { ActionIcon, Button, Checkbox, Group, Menu, Paper, Stack, Text, VisuallyHidden } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconPlus, IconX } from "@tabler/icons-react";
import type { Draft } from "../../settings/draft";
import { SettingRow } from "../../settings/SettingRow";
import { type Field, fieldNames, missing, moved, readFields, writeFields } from "./fields";

const at = "config.account.signup_fields";
const byDefault = ["username*", "email", "password1*", "password2*"];

/** What signup asks for by the draft. */
export const signupFields = (draft: Draft): Field[] =>
  readFields((draft.value(at) as string[] | undefined) ?? byDefault);

export function SignupFields({ draft, readOnly }: { draft: Draft; readOnly: boolean }) {
  const fields = signupFields(draft);
  const set = (next: Field[]) => draft.set(at, writeFields(next));
  const named = (name: string) => fieldNames[name] ?? name;
  return (
    <SettingRow
      draft={draft}
      at={at}
      label="What signup asks for"
      description="From the top down. What is required is refused without it. A second email or password field asks for the same once more."
      fallback="username*, email, password1*, password2*"
      group
      wide
      readOnly={readOnly}
    >
      {() => (
        <Stack gap="xs" maw="34rem">
          {fields.map((field, i) => (
            <Paper key={field.name} withBorder px="sm" py={6} data-field={field.name}>
              <Group gap="xs" justify="space-between">
                <Text size="sm" flex={1} miw="8rem">
                  {named(field.name)}
                </Text>
                <Checkbox
                  label={
                    <>
                      Required<VisuallyHidden component="span"> for {named(field.name)}</VisuallyHidden>
                    </>
                  }
                  checked={field.required}
                  disabled={readOnly}
                  onChange={(e) => {
                    const required = e.currentTarget.checked;
                    set(fields.map((f) => (f === field ? { ...f, required } : f)));
                  }}
                />
                {!readOnly && (
                  <Group gap={2} wrap="nowrap">
                    <ActionIcon
                      variant="subtle"
                      color="gray"
                      disabled={i === 0}
                      aria-label={`Move ${named(field.name)} up`}
                      onClick={() => set(moved(fields, i, -1))}
                    >
                      <IconArrowUp size={16} />
                    </ActionIcon>
                    <ActionIcon
                      variant="subtle"
                      color="gray"
                      disabled={i === fields.length - 1}
                      aria-label={`Move ${named(field.name)} down`}
                      onClick={() => set(moved(fields, i, 1))}
                    >
                      <IconArrowDown size={16} />
                    </ActionIcon>
                    <ActionIcon
                      variant="subtle"
                      color="gray"
                      disabled={fields.length === 1}
                      aria-label={`Remove ${named(field.name)}`}
                      onClick={() => set(fields.filter((f) => f !== field))}
                    >
                      <IconX size={16} />
                    </ActionIcon>
                  </Group>
                )}
              </Group>
            </Paper>
          ))}
          {!readOnly && missing(fields).length > 0 && (
            <Group>
              <Menu position="bottom-start" shadow="md" withinPortal>
                <Menu.Target>
                  <Button variant="default" size="xs" leftSection={<IconPlus size={14} />}>
                    Add a field
                  </Button>
                </Menu.Target>
                <Menu.Dropdown>
                  {missing(fields).map((name) => (
                    <Menu.Item key={name} onClick={() => set([...fields, { name, required: true }])}>
                      {named(name)}
                    </Menu.Item>
                  ))}
                </Menu.Dropdown>
              </Menu>
            </Group>
          )}
        </Stack>
      )}
    </SettingRow>
  );
}
