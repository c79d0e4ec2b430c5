import { Badge, Button, FileButton, Group, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconDownload, IconUpload } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { lazy, Suspense, useRef, useState } from "react";
import { isProblem } from "../api/problem";
import { queries } from "../api/queries";
import { download } from "../parts/download";
import { Bars, Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { sh } from "../parts/sh";
import { done, failed } from "../parts/tell";
import { useMay } from "../session/me";
import { useUnsaved } from "../session/unsaved";
import { defaultInWords } from "../settings/Setting";
import { useSchema } from "../settings/schema";
import { type Doc, read, save, useChecked, useDocument } from "./config/document";
import { Faults } from "./config/Faults";
import { Merge } from "./config/Merge";
import { Review } from "./config/Review";
import { documentSchema, nodeIn, said } from "./config/yaml";

const Editor = lazy(() => import("./config/Editor"));

/** A tenant as one document: all that it is other than the defaults, to be read, changed, compared and taken along. */
export default function Config() {
  const { slug = "" } = useParams({ strict: false });
  const query = useDocument(slug);
  return (
    <Page
      title="Configuration"
      tab={`Configuration · ${slug}`}
      lead="The whole tenant as YAML: what is not here is at its default. Secrets are shown as ********, which leaves them as they are when it is saved. Comments are not kept."
      commands={[
        sh`admin tenant export ${slug} > ${slug}.yaml`,
        sh`admin tenant validate -f ${slug}.yaml`,
        sh`admin tenant apply -f ${slug}.yaml --dry-run`,
        sh`admin tenant apply -f ${slug}.yaml`,
      ]}
      actions={query.data && <Download slug={slug} doc={query.data} />}
    >
      <Loaded query={query} lines={14}>
        {(doc) => <Workbench key={slug} slug={slug} doc={doc} />}
      </Loaded>
    </Page>
  );
}

function Download({ slug, doc }: { slug: string; doc: Doc }) {
  const give = () => download(doc.text, `${slug}-version-${doc.version}.yaml`, "application/yaml");
  return (
    <Button variant="default" leftSection={<IconDownload size={16} />} onClick={give}>
      Download
    </Button>
  );
}

function Workbench({ slug, doc }: { slug: string; doc: Doc }) {
  const readOnly = !useMay()("tenants.change");
  const schema = useSchema();
  const whole = schema.data && documentSchema(schema.data);
  const [edited, setEdited] = useState<{ base: Doc; text: string }>();
  const [reviewing, review] = useDisclosure(false);
  const [saving, setSaving] = useState(false);
  const [error, setError] = useState<unknown>();
  const [theirs, setTheirs] = useState<Doc>();
  const [path, setPath] = useState<string[]>([]);
  const go = useRef<(line: number) => void>(() => {});
  const base = edited?.base ?? doc; // what is not being edited follows the server
  const text = edited?.text ?? base.text;
  const changed = text !== base.text;
  const checked = useChecked(slug, changed ? text : undefined);
  const current = checked?.text === text ? checked : undefined;
  const changes = current?.changes;
  const faults = changed ? (checked?.faults ?? noFaults) : noFaults;
  useUnsaved(changed, "Leave this page? What you changed is not saved.", saving);
  const change = (next: string) => {
    setError(undefined);
    setEdited((now) => ({ base: now?.base ?? doc, text: next }));
  };
  const forget = () => {
    setEdited(undefined);
    setError(undefined);
    setTheirs(undefined);
    review.close();
  };
  const put = async (whatToSave: string) => {
    setSaving(true);
    setError(undefined);
    try {
      await save(slug, base.version, whatToSave);
      await queries.invalidateQueries();
      forget();
      done("Saved. It takes effect within two seconds.");
    } catch (refused) {
      if (isProblem(refused, "stale", "conflict", "other-version")) {
        review.close();
        await read(slug).then(setTheirs, setError);
      } else {
        setError(refused);
      }
    } finally {
      setSaving(false);
    }
  };
  const upload = async (file: File | null) => {
    if (!file) {
      return;
    }
    if (file.size > 1 << 20) {
      failed(tooLarge);
      return;
    }
    change(await file.text());
  };
  const ready = changed && changes !== undefined && changes.length > 0;
  const here = whole && path.length > 0 ? nodeIn(whole, path) : undefined;
  return (
    <Stack gap="sm">
      <Suspense fallback={<Bars lines={14} />}>
        <Editor
          value={text}
          label={readOnly ? "The tenant as YAML" : "The tenant as YAML, to be changed"}
          schema={whole}
          faults={faults}
          readOnly={readOnly}
          change={change}
          save={() => ready && review.open()}
          at={setPath}
          handle={(to) => {
            go.current = to;
          }}
        />
      </Suspense>
      <Text size="sm" mih={44} lineClamp={3}>
        {here ? (
          <>
            <code className="code">{path.join(".")}</code> {said(here, defaultInWords)}
          </>
        ) : (
          <Text span c="dimmed" inherit>
            Put the cursor on a setting to read what it means. Ctrl Space completes, Ctrl F searches, Ctrl S saves, and
            Tab leads out of the editor.
          </Text>
        )}
      </Text>
      {changed && <Faults checked={checked} error={error} go={(line) => go.current(line)} />}
      {!readOnly && (
        <Group justify="space-between">
          <Group gap="xs">
            <FileButton onChange={upload} accept=".yaml,.yml,.json,application/yaml,application/json">
              {(props) => (
                <Button {...props} variant="default" leftSection={<IconUpload size={16} />}>
                  Open a file
                </Button>
              )}
            </FileButton>
            <State
              changed={changed}
              checking={current === undefined}
              changes={changes?.length}
              faults={faults.length}
            />
          </Group>
          <Group gap="xs">
            <Button variant="default" onClick={forget} disabled={!changed}>
              Discard
            </Button>
            <Button onClick={review.open} disabled={!ready}>
              Review and save
            </Button>
          </Group>
        </Group>
      )}
      {reviewing && changes && (
        <Review text={text} changes={changes} error={error} saving={saving} close={review.close} save={put} />
      )}
      {theirs && (
        <Merge
          slug={slug}
          base={base}
          mine={text}
          theirs={theirs}
          settle={(merged) => {
            setTheirs(undefined);
            setEdited(merged === theirs.text ? undefined : { base: theirs, text: merged });
            void queries.invalidateQueries();
          }}
        />
      )}
    </Stack>
  );
}

const noFaults: [] = [];

const tooLarge = {
  type: "too-large",
  title: "The file is too large.",
  status: 413,
  detail: "A tenant's document has 256 KiB at most. Is it the file that you meant?",
};

function State(props: { changed: boolean; checking: boolean; changes: number | undefined; faults: number }) {
  const [label, color] = !props.changed
    ? ["Nothing changed", "gray"]
    : props.checking
      ? ["Checking…", "gray"]
      : props.faults > 0
        ? ["Not valid yet", "red"]
        : props.changes === undefined
          ? ["Not checked", "yellow"]
          : props.changes === 0
            ? ["Valid, and changes nothing", "gray"]
            : ["Valid", "green"];
  return (
    <Badge color={color} miw="max-content" size="lg" role="status">
      {label}
    </Badge>
  );
}
