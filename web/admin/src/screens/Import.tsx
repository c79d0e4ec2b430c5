import { Alert, Button, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import { useNavigate, useParams } from "@tanstack/react-router";
import { admin, api } from "../api/client";
import { Loaded } from "../parts/Loaded";
import { May } from "../parts/May";
import { Page } from "../parts/Page";
import { sh } from "../parts/sh";
import { Time } from "../parts/Time";
import { failed } from "../parts/tell";
import { useAct } from "../parts/useAct";
import { useAsk } from "../parts/useAsk";
import { count, duration, number } from "../parts/words";
import type { Format } from "./imports/chunks";
import { Running, Uploading } from "./imports/Progress";
import { RowErrors } from "./imports/RowErrors";
import { ImportState, type Import as Job } from "./imports/State";
import { stopUpload, upload, useUpload } from "./imports/uploads";

export default function Import() {
  const { slug = "", id = "" } = useParams({ strict: false });
  const query = api.useQuery(
    "get",
    "/admin/v1/tenants/{slug}/imports/{id}",
    { params: { path: { slug, id } } },
    {
      refetchInterval: ({ state }) =>
        state.data?.state === "running" ? 1000 : state.data?.state === "uploading" ? 3000 : false,
    },
  );
  const [dialog, ask] = useAsk();
  const { act } = useAct();
  const job = query.data;
  const cancel = () =>
    ask({
      title: "Cancel this import?",
      text: `What was uploaded and not applied yet is erased. ${job?.dry_run ? "" : "Users who were made stay."}`,
      action: "Cancel the import",
      danger: true,
      run: async () => {
        stopUpload(id);
        await act(
          () => admin.POST("/admin/v1/tenants/{slug}/imports/{id}/cancel", { params: { path: { slug, id } } }),
          "The import is cancelled.",
        );
      },
    });
  return (
    <Page
      title={job?.dry_run ? "Check of a file" : "Import"}
      lead={job && <Lead job={job} />}
      above={[
        { label: "Users", to: `/tenants/${slug}/users` },
        { label: "Imports", to: `/tenants/${slug}/imports` },
      ]}
      actions={
        job &&
        !job.finished_at && (
          <May permission="users.import">
            <Button variant="default" onClick={cancel}>
              Cancel the import
            </Button>
          </May>
        )
      }
      commands={[
        sh`admin import show --tenant ${slug} ${id}`,
        sh`admin import errors --tenant ${slug} ${id}`,
        ...(job?.state === "uploading" ? [sh`admin import users --tenant ${slug} -f FILE --job ${id}`] : []),
        ...(job && !job.finished_at ? [sh`admin import cancel --tenant ${slug} ${id} --yes`] : []),
      ]}
    >
      <Loaded query={query}>
        {(one) => (
          <Stack gap="lg">
            {one.state === "uploading" && <Uploading slug={slug} one={one} />}
            {one.state === "running" && <Running one={one} />}
            {one.finished_at && <Ended slug={slug} one={one} />}
            {one.state !== "uploading" && (
              <>
                <Numbers one={one} />
                <RowErrors slug={slug} one={one} />
              </>
            )}
          </Stack>
        )}
      </Loaded>
      {dialog}
    </Page>
  );
}

function Lead({ job }: { job: Job }) {
  return (
    <Group gap="xs" component="span">
      <ImportState one={job} />
      <span>
        {job.format === "csv" ? "CSV" : "NDJSON"}, begun <Time at={job.created_at} />. Users who are here already are{" "}
        {job.on_conflict === "skip" ? "skipped" : "counted as failed"}.
      </span>
    </Group>
  );
}

function Numbers({ one }: { one: Job }) {
  const numbers: [string, number | null][] = [
    ["Rows", one.total],
    [one.dry_run ? "Fit to be imported" : "Imported", one.created],
    ["Skipped", one.skipped],
    ["Failed", one.failed],
  ];
  return (
    <SimpleGrid cols={{ base: 2, sm: 4 }} component="dl" m={0}>
      {numbers.map(([label, n]) => (
        <Stack key={label} gap={0}>
          <Text component="dt" size="sm" c="dimmed">
            {label}
          </Text>
          <Text component="dd" m={0} size="xl" fw={650}>
            {n === null ? "–" : number(n)}
          </Text>
        </Stack>
      ))}
    </SimpleGrid>
  );
}

/** What became of it, in a sentence, and what to do next. */
function Ended({ slug, one }: { slug: string; one: Job }) {
  const going = useUpload(one.id);
  const navigate = useNavigate();
  const create = api.useMutation("post", "/admin/v1/tenants/{slug}/imports");
  const took =
    one.started_at && one.finished_at
      ? ` It took ${duration(Math.max(1, (Date.parse(one.finished_at) - Date.parse(one.started_at)) / 1000))}.`
      : "";
  if (one.state === "cancelled") {
    return (
      <Alert color="gray" variant="outline" title="The import was cancelled">
        {one.dry_run || one.created === 0
          ? "Nobody was imported."
          : `${count(one.created, "user")} came in before, and stay.`}
      </Alert>
    );
  }
  const file = going?.file;
  const forReal = async () => {
    try {
      const made = await create.mutateAsync({
        params: { path: { slug } },
        body: { format: one.format, on_conflict: one.on_conflict, dry_run: false },
      });
      if (file) {
        void upload(slug, made.id, file, one.format as Format, 1);
      }
      await navigate({ to: `/tenants/${slug}/imports/${made.id}` });
    } catch (error) {
      failed(error);
    }
  };
  return (
    <Alert
      color={one.failed > 0 ? "yellow" : "green"}
      variant="outline"
      title={one.dry_run ? "The file was checked" : "The import is finished"}
    >
      <Stack gap="sm" align="start">
        <Text size="sm">
          {one.dry_run
            ? `Of ${count(one.total ?? 0, "row")}, ${number(one.created)} would be imported. Nobody was.`
            : `${count(one.created, "user")} came in.`}
          {one.failed > 0 && ` ${count(one.failed, "row")} failed; see below.`}
          {took}
        </Text>
        {one.dry_run && file && one.created > 0 && (
          <May permission="users.import">
            <Button onClick={forReal} loading={create.isPending}>
              Import {count(one.created, "user")} now
            </Button>
          </May>
        )}
      </Stack>
    </Alert>
  );
}
