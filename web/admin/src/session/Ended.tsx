import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useCallback, useEffect, useState } from "react";
import { admin } from "../api/client";
import { gate, queries } from "../api/queries";
import { onAnnounced } from "./presence";
import { giveUp, type Missing, resume, useMissing } from "./unsaved";

const words: Record<Missing, { title: string; text: string; act: string; not: string }> = {
  "sign-in": {
    title: "You are signed out",
    text: "What you changed on this page is not saved, and is still here. Sign in again in a new tab, then go on.",
    act: "Sign in in a new tab",
    not: "Nobody is signed in yet.",
  },
  "second-factor": {
    title: "Your second factor is needed",
    text: "What you changed on this page is not saved, and is still here. Show your second factor in a new tab, then go on.",
    act: "Show it in a new tab",
    not: "Your second factor was not shown yet.",
  },
};

/** Where a session ends under what is not saved: it stays where it is, and waits for whoever wrote it. */
export function Ended() {
  const missing = useMissing();
  return missing && <Waiting missing={missing} />;
}

function Waiting({ missing }: { missing: Missing }) {
  const [busy, setBusy] = useState(false);
  const [said, say] = useState("");
  const { title, text, act, not } = words[missing];
  const look = useCallback(async () => {
    setBusy(true);
    const answer = await admin.GET("/admin/v1/me").catch(() => undefined);
    setBusy(false);
    if (answer?.data) {
      void queries.invalidateQueries();
      resume();
    } else {
      say(answer ? not : "The server did not answer. Try again in a moment.");
    }
  }, [not]);
  useEffect(() => onAnnounced(() => void look()), [look]);
  return (
    <Modal
      opened
      onClose={() => {}}
      title={title}
      size="lg"
      closeOnEscape={false}
      closeOnClickOutside={false}
      withCloseButton={false}
      zIndex={350} // above whatever dialog it happens under
    >
      <Stack>
        <Text size="sm">{text}</Text>
        <Text size="sm" role="status" className="quiet-when-empty">
          {said}
        </Text>
        <Group justify="end" gap="xs">
          <Button
            variant="subtle"
            color="gray"
            c="var(--mantine-color-text)"
            onClick={() => {
              giveUp();
              (missing === "sign-in" ? gate.signIn : gate.secondFactor)();
            }}
          >
            Discard the changes
          </Button>
          <Button variant="default" onClick={look} loading={busy}>
            Go on
          </Button>
          <Button component="a" href={`/${missing}`} target="_blank" data-autofocus>
            {act}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
