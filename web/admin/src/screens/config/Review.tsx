// What a document changes, before it is saved.
import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { Schema } from "../../api/client";
import { Changes } from "../../parts/Changes";
import { Failure } from "../../parts/Failure";
import { notable, noted } from "./yaml";

export function Review(props: {
  text: string;
  changes: Schema<"Change">[];
  error: unknown;
  saving: boolean;
  close: () => void;
  save: (text: string) => Promise<void>;
}) {
  const { text } = props;
  const [note, setNote] = useState("");
  const may = notable(text);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void props.save(noted(text, may ? note : "") ?? text);
  };
  return (
    <Modal opened onClose={props.close} title="What you are about to save" size="xl">
      <form onSubmit={submit}>
        <Stack>
          <Changes changes={props.changes} />
          <TextInput
            label="Why"
            description={
              may
                ? "Kept with the version, for whoever looks at it later."
                : "The document says it itself, or is JSON, which this cannot be put into."
            }
            value={note}
            disabled={!may}
            maxLength={500}
            onChange={(e) => setNote(e.currentTarget.value)}
          />
          {props.error !== undefined && <Failure error={props.error} />}
          <Group justify="end">
            <Button variant="default" onClick={props.close}>
              Back
            </Button>
            <Button type="submit" loading={props.saving}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
