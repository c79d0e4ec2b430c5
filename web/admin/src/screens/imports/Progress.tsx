// How far an import is: first the upload from this page, then the work of the server.
import { Progress as Bar, Button, FileInput, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { Failure } from "../../parts/Failure";
import { Section } from "../../parts/Section";
import { count, duration, number } from "../../parts/words";
import { bytes } from "./bytes";
import type { Format } from "./chunks";
import type { Import } from "./State";
import { otherFile, stopUpload, type Upload, unfit, upload, useUpload } from "./uploads";

function Meter(props: { label: string; share: number; children: React.ReactNode }) {
  const percent = Math.min(100, Math.floor(props.share * 100));
  return (
    <Stack gap={6}>
      <Bar value={percent} size="lg" aria-label={props.label} transitionDuration={0} color="green" />
      <Group justify="space-between" gap="xs">
        <Text size="sm" c="dimmed">
          {props.children}
        </Text>
        <Text size="sm" fw={600}>
          {percent}%
        </Text>
      </Group>
    </Stack>
  );
}

/** How long the rest takes at the pace so far, once that can be told. */
function remaining(did: number, left: number, seconds: number): string {
  return did > 0 && seconds > 2 && left > 0 ? `, about ${duration(Math.ceil((left * seconds) / did))} left` : "";
}

export function Uploading({ slug, one }: { slug: string; one: Import }) {
  const going = useUpload(one.id);
  const format = one.format as Format;
  const again = (file: File) => void upload(slug, one.id, file, format, one.next_chunk);
  if (!going || going.phase === "done") {
    return <GoOn one={one} go={again} />;
  }
  const { file, sent, phase } = going;
  return (
    <Section
      title={phase === "uploading" ? "Uploading the file" : "The upload stopped"}
      lead={
        phase === "uploading"
          ? "Keep this page open until the file is there; then the server goes on by itself. You can look at other screens meanwhile."
          : phase === "failed" && unfit(going.error)
            ? "The file cannot be taken as it is. Put it right, cancel this import, and begin again."
            : "What was sent is kept for a week. You can go on where it stopped."
      }
    >
      <Meter label="How much of the file is uploaded" share={file.size ? sent / file.size : 0}>
        {bytes(sent)} of {bytes(file.size)}, {count(going.rows, "row")}
        {phase === "uploading" && pace(going)}
      </Meter>
      {phase === "failed" && !otherFile(going.error) && <UploadFailure error={going.error} />}
      {phase === "failed" && otherFile(going.error) && (
        <Text role="alert" size="sm">
          This is not the file that the upload began with. Choose that one, or cancel this import and begin another.
        </Text>
      )}
      <Group>
        {phase === "uploading" && (
          <Button variant="default" onClick={() => stopUpload(one.id)}>
            Pause
          </Button>
        )}
        {phase !== "uploading" && !(phase === "failed" && (otherFile(going.error) || unfit(going.error))) && (
          <Button onClick={() => again(file)}>Go on uploading</Button>
        )}
        {phase === "failed" && otherFile(going.error) && <Chooser go={again} />}
      </Group>
    </Section>
  );
}

function UploadFailure({ error }: { error: unknown }) {
  // What the file itself is at fault for is no problem of the server's.
  return error instanceof Error && error.name !== "TypeError" ? (
    <Text role="alert" size="sm">
      {error.message}
    </Text>
  ) : (
    <Failure error={error} />
  );
}

function pace(going: Upload): string {
  return remaining(going.sent - going.sentBefore, going.file.size - going.sent, (Date.now() - going.since) / 1000);
}

function GoOn({ one, go }: { one: Import; go: (file: File) => void }) {
  return (
    <Section
      title="The file is not whole yet"
      lead={
        one.chunks > 0
          ? `${count(one.chunks, "piece")} of it ${one.chunks === 1 ? "is" : "are"} here. If nobody is uploading it, choose the same file again to go on. An import that gets nothing for a week is removed.`
          : "Nothing of the file has come in yet. Choose it to begin. An import that gets nothing for a week is removed."
      }
    >
      <Chooser go={go} />
    </Section>
  );
}

function Chooser({ go }: { go: (file: File) => void }) {
  const [file, setFile] = useState<File | null>(null);
  return (
    <Group align="end">
      <FileInput
        label="The same file"
        placeholder="Choose the file"
        value={file}
        onChange={setFile}
        w="min(24rem, 100%)"
      />
      <Button disabled={!file} onClick={() => file && go(file)}>
        Go on uploading
      </Button>
    </Group>
  );
}

export function Running({ one }: { one: Import }) {
  const total = one.total ?? 0;
  return (
    <Section
      title={one.dry_run ? "Checking the rows" : "Importing the rows"}
      lead="The server is at it. You can close this page; it goes on."
    >
      <Meter label="How many rows are done" share={total ? one.done / total : 0}>
        {number(one.done)} of {count(total, "row")}
        {one.rate > 0 && `, ${count(Math.round(one.rate), "row")} a second`}
        {one.rate > 0 &&
          total > one.done &&
          `, about ${duration(Math.max(1, Math.ceil((total - one.done) / one.rate)))} left`}
      </Meter>
    </Section>
  );
}
