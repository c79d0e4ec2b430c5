import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { admin } from "../../api/client";
import { Facts } from "../../parts/Facts";
import { FormModal } from "../../parts/FormModal";
import { May } from "../../parts/May";
import { Section } from "../../parts/Section";
import { useAct } from "../../parts/useAct";
import { at, type OfUser } from "./of";

/** What a user is called. */
export function Profile({ slug, user }: OfUser) {
  const { act } = useAct();
  const [form, setForm] = useState<{ name: string; username: string }>();
  const [shown, setShown] = useState(false);
  const edit = () => {
    setForm({ name: user.name, username: user.username });
    setShown(true);
  };
  const save = () => {
    const body = {
      ...(form && form.name.trim() !== user.name ? { name: form.name.trim() } : {}),
      ...(form && form.username.trim() !== user.username ? { username: form.username.trim() || null } : {}),
    };
    return act(
      () => admin.PATCH("/admin/v1/tenants/{slug}/users/{id}", { params: at({ slug, user }), body }),
      "The names are saved.",
    );
  };
  return (
    <Section
      title="Names"
      actions={
        <May permission="users.change">
          <Button variant="default" onClick={edit}>
            Change names
          </Button>
        </May>
      }
    >
      <Facts
        facts={[
          ["Name", user.name || "none"],
          ["Username", user.username || "none"],
        ]}
      />
      <FormModal
        opened={shown}
        close={() => setShown(false)}
        title="Change names"
        action="Save"
        fields={["name", "username"]}
        submit={save}
      >
        {(faults) => (
          <Stack gap="sm">
            <TextInput
              label="Name"
              autoComplete="off"
              value={form?.name ?? ""}
              onChange={(e) => form && setForm({ ...form, name: e.currentTarget.value })}
              error={faults.name}
              data-autofocus
            />
            <TextInput
              label="Username"
              description="The user may sign in with it. Leave it empty to remove it."
              autoComplete="off"
              value={form?.username ?? ""}
              onChange={(e) => form && setForm({ ...form, username: e.currentTarget.value })}
              error={faults.username}
            />
            <Group>
              <Text size="sm" c="dimmed">
                Whoever signs in with the username needs the new one from then on.
              </Text>
            </Group>
          </Stack>
        )}
      </FormModal>
    </Section>
  );
}
