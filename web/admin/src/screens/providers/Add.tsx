// Adding an app: which provider it is at.
import { Button, Group, Menu, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import type { Draft } from "../../settings/draft";
import type { JsonObject } from "../../settings/patch";
import { added } from "./apps";
import { known } from "./catalogue";

export function Add({ draft, opened }: { draft: Draft; opened: (app: JsonObject) => void }) {
  const [asking, ask] = useDisclosure(false);
  const [id, setId] = useState("");
  const add = (provider: string) => {
    const app = { client_id: "" };
    draft.replace(added(draft.mine, provider, app));
    opened(app);
  };
  const valid = /^[\w.-]{1,64}$/.test(id) && /[^.]/.test(id);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (valid) {
      add(id);
      setId("");
      ask.close();
    }
  };
  return (
    <>
      <Menu position="bottom-end" shadow="md" withinPortal>
        <Menu.Target>
          <Button leftSection={<IconPlus size={16} />}>Add a provider</Button>
        </Menu.Target>
        <Menu.Dropdown mah="min(28rem, 70dvh)" style={{ overflowY: "auto" }}>
          {known.map((k) => (
            <Menu.Item key={k.id} onClick={() => add(k.id)}>
              {k.name}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item onClick={ask.open}>Another, by its id</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={asking} onClose={ask.close} title="Add a provider by its id">
        <form onSubmit={submit}>
          <Stack>
            <TextInput
              label="Id"
              description="Of one that the list lacks, such as dummy, which development servers have."
              value={id}
              onChange={(e) => setId(e.currentTarget.value)}
              error={id !== "" && !valid ? "Letters, digits, dots, _ and -, at most 64." : undefined}
              autoComplete="off"
              spellCheck={false}
              data-autofocus
            />
            <Text size="sm" c="dimmed">
              A server that speaks OpenID Connect is added as OpenID Connect, whatever it is called.
            </Text>
            <Group justify="end">
              <Button variant="default" onClick={ask.close}>
                Cancel
              </Button>
              <Button type="submit" disabled={!valid}>
                Add
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
