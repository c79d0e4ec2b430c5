// What stands at the foot of a screen with a draft: how much is changed, what that does, and saving it.
import { Button, Group, List, Modal, Paper, Stack, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";
import { Changes } from "../parts/Changes";
import { Failure } from "../parts/Failure";
import { done } from "../parts/tell";
import { count } from "../parts/words";
import { Conflict } from "./Conflict";
import type { Draft } from "./draft";
import { useSchema } from "./schema";
import { changesToShow } from "./show";

export function SaveBar({ draft }: { draft: Draft }) {
  const [reviewing, review] = useDisclosure(false);
  const [note, setNote] = useState("");
  const { data: schema } = useSchema();
  const held = Object.keys(draft.held).length > 0;
  const changing = draft.changes.length > 0 || held;
  const before = useRef(changing);
  useEffect(() => {
    if (!changing) {
      setNote(""); // why this was changed is not why the next thing is
      review.close();
      if (before.current && document.activeElement === document.body) {
        // The button that had the focus is gone; reading goes on at the beginning of the screen.
        document.getElementById("main")?.focus({ preventScroll: true });
      }
    }
    before.current = changing;
  }, [changing, review.close]);
  if (!changing) {
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
  const changes = changesToShow(draft.changes, schema);
  const faults = Object.entries(draft.faults);
  return (
    <Paper
      withBorder
      shadow="md"
      p="sm"
      pos="sticky"
      bottom={8}
      className="save-bar"
      component="section"
      aria-label="What is not saved yet"
    >
      <Stack gap="xs">
        {draft.error !== undefined && <Failure error={draft.error} />}
        {faults.length > 0 && (
          <Stack gap={4} mah="30vh" className="save-faults">
            <Text size="sm" fw={550}>
              {faults.length === 1 ? "One thing has" : `${faults.length} things have`} to be put right before this can
              be saved:
            </Text>
            <List size="xs" spacing={2}>
              {faults.map(([path, message]) => (
                <List.Item key={path} className="foreign">
                  {path && <code className="code">{path.replace(/^config\./, "")}</code>} {message}
                </List.Item>
              ))}
            </List>
          </Stack>
        )}
        <Group justify="space-between" gap="xs">
          <Text size="sm" aria-live="polite">
            {count(draft.changes.length, "change")} not saved yet
          </Text>
          <Group gap="xs">
            <Button
              variant="subtle"
              color="gray"
              c="var(--mantine-color-text)"
              onClick={draft.discard}
              disabled={draft.saving}
            >
              Discard
            </Button>
            <Button variant="default" onClick={review.open} disabled={draft.changes.length === 0}>
              Review
            </Button>
            <Button onClick={save} loading={draft.saving} disabled={held}>
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
            <Button onClick={save} loading={draft.saving} disabled={held}>
              Save
            </Button>
          </Group>
        </Stack>
      </Modal>
      {draft.theirs && <Conflict draft={draft} theirs={draft.theirs} />}
    </Paper>
  );
}
