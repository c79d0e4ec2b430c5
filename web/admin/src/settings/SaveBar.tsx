// What stands at the foot of a screen with a draft: how much is changed, what that does, and saving it.
import { Button, Group, Modal, Paper, Stack, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import { Changes } from "../parts/Changes";
import { Failure } from "../parts/Failure";
import { done } from "../parts/tell";
import { count } from "../parts/words";
import { Conflict } from "./Conflict";
import type { Draft } from "./draft";

export function SaveBar({ draft }: { draft: Draft }) {
  const [reviewing, review] = useDisclosure(false);
  const [note, setNote] = useState("");
  if (draft.changes.length === 0) {
    return null;
  }
  const save = async () => {
    const saved = await draft.save(note);
    review.close();
    if (saved) {
      setNote("");
      done("Saved. It takes effect within two seconds.");
    }
  };
  const changes = draft.changes.map((c) => ({
    path: c.path.join("."),
    before: (c.before ?? null) as never,
    after: (c.after ?? null) as never,
  }));
  return (
    <Paper withBorder shadow="md" p="sm" pos="sticky" bottom={8} component="section" aria-label="What is not saved yet">
      <Stack gap="xs">
        {draft.error !== undefined && <Failure error={draft.error} />}
        <Group justify="space-between">
          <Text size="sm" aria-live="polite">
            {count(draft.changes.length, "change")} not saved yet
          </Text>
          <Group gap="xs">
            <Button variant="default" onClick={draft.discard}>
              Discard
            </Button>
            <Button variant="default" onClick={review.open}>
              Review
            </Button>
            <Button onClick={save} loading={draft.saving}>
              Save
            </Button>
          </Group>
        </Group>
      </Stack>
      <Modal opened={reviewing} onClose={review.close} title="What you are about to save" size="xl">
        <Stack>
          <Changes changes={changes} />
          <TextInput
            label="Why"
            description="Kept with the version, for whoever looks at it later."
            value={note}
            maxLength={500}
            onChange={(e) => setNote(e.currentTarget.value)}
          />
          <Group justify="end">
            <Button variant="default" onClick={review.close}>
              Back
            </Button>
            <Button onClick={save} loading={draft.saving}>
              Save
            </Button>
          </Group>
        </Stack>
      </Modal>
      {draft.theirs && <Conflict draft={draft} theirs={draft.theirs} />}
    </Paper>
  );
}
