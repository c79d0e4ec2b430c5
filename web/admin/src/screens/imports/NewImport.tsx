import { Alert, FileInput, Radio, Stack, Switch, Text } from "@mantine/core";
import { IconFileUpload } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api } from "../../api/client";
import { FormModal } from "../../parts/FormModal";
import { bytes } from "./bytes";
import { type Format, looksLike } from "./chunks";
import { upload } from "./uploads";

/** Begins an import with a file, and goes to where its progress is shown. */
export function NewImport({ slug, opened, close }: { slug: string; opened: boolean; close: () => void }) {
  const navigate = useNavigate();
  const create = api.useMutation("post", "/admin/v1/tenants/{slug}/imports");
  const [file, setFile] = useState<File | null>(null);
  const [format, setFormat] = useState<Format>("ndjson");
  const [fault, setFault] = useState<string>();
  const [conflict, setConflict] = useState<"skip" | "fail">("skip");
  const [dryRun, setDryRun] = useState(true);
  const choose = async (chosen: File | null) => {
    setFile(chosen);
    setFault(undefined);
    if (chosen) {
      const looks = looksLike(chosen.name, await chosen.slice(0, 4096).text());
      setFormat(looks.format);
      setFault(looks.fault);
    }
  };
  const submit = async () => {
    if (!file) {
      return;
    }
    const made = await create.mutateAsync({
      params: { path: { slug } },
      body: { format, on_conflict: conflict, dry_run: dryRun },
    });
    void upload(slug, made.id, file, format, 1);
    setFile(null);
    void navigate({ to: `/tenants/${slug}/imports/${made.id}` });
  };
  return (
    <FormModal
      opened={opened}
      close={close}
      title="Import users from a file"
      action={dryRun ? "Check the file" : "Import"}
      fields={["format"]}
      disabled={!file || fault !== undefined}
      size="lg"
      submit={submit}
    >
      {(faults) => (
        <Stack>
          <FileInput
            label="File"
            description="NDJSON or CSV, in UTF-8. It is read here and sent in pieces of 1 MiB."
            placeholder="Choose a file"
            leftSection={<IconFileUpload size={18} />}
            accept=".ndjson,.jsonl,.json,.csv,.txt,application/x-ndjson,text/csv"
            value={file}
            onChange={(chosen) => void choose(chosen)}
            error={fault}
            clearable
            clearButtonProps={{ "aria-label": "Choose no file" }}
            data-autofocus
          />
          {file && (
            <Text size="sm" c="dimmed" aria-live="polite">
              {bytes(file.size)}
            </Text>
          )}
          <Radio.Group
            label="Format"
            value={format}
            onChange={(v) => setFormat(v as Format)}
            error={faults.format}
            description="Seen by the file's name and its first characters."
          >
            <Stack gap={6} mt={6}>
              <Radio value="ndjson" label="NDJSON: one JSON object on each line" />
              <Radio value="csv" label="CSV: a header, then one user on each line" />
            </Stack>
          </Radio.Group>
          <Radio.Group
            label="Users who are here already"
            value={conflict}
            onChange={(v) => setConflict(v as typeof conflict)}
          >
            <Stack gap={6} mt={6}>
              <Radio value="skip" label="Skip them, and count them as skipped" />
              <Radio value="fail" label="Count them as failed" />
            </Stack>
          </Radio.Group>
          <Switch
            label="Only check the file"
            description="A dry run finds every fault and keeps nobody."
            checked={dryRun}
            onChange={(e) => setDryRun(e.currentTarget.checked)}
          />
          {!dryRun && (
            <Alert color="blue" variant="outline">
              <Text size="sm">
                Nobody is mailed. Rows that are wrong are reported and lose nothing else; users who were made stay even
                if you cancel.
              </Text>
            </Alert>
          )}
        </Stack>
      )}
    </FormModal>
  );
}
