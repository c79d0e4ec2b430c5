import { Anchor, Button, Stack } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconUpload } from "@tabler/icons-react";
import { Link, useParams } from "@tanstack/react-router";
import { api, type Schema } from "../api/client";
import { Empty } from "../parts/Empty";
import { Loaded } from "../parts/Loaded";
import { May } from "../parts/May";
import { Page } from "../parts/Page";
import { byCursor, rowsOf } from "../parts/pages";
import { Rows } from "../parts/Rows";
import { Section } from "../parts/Section";
import { sh } from "../parts/sh";
import { Time } from "../parts/Time";
import { whileAny } from "../parts/whileAny";
import { number } from "../parts/words";
import { Formats } from "./imports/Formats";
import { NewImport } from "./imports/NewImport";
import { ImportState } from "./imports/State";

export default function Imports() {
  const { slug = "" } = useParams({ strict: false });
  const [opened, dialog] = useDisclosure(false);
  const query = api.useInfiniteQuery(
    "get",
    "/admin/v1/tenants/{slug}/imports",
    { params: { path: { slug } } },
    {
      ...byCursor,
      refetchInterval: whileAny((i: Schema<"Import">) => i.state === "running" || i.state === "uploading"),
    },
  );
  const begin = (
    <May permission="users.import">
      <Button leftSection={<IconUpload size={16} />} onClick={dialog.open}>
        Import users
      </Button>
    </May>
  );
  return (
    <Page
      title="Imports"
      lead="Users come in from a file, with their passwords and second factors. A row that is wrong is reported with its line and loses nothing else; the same file twice adds nobody twice."
      above={[{ label: "Users", to: `/tenants/${slug}/users` }]}
      actions={begin}
      commands={[
        sh`admin import users --tenant ${slug} -f users.ndjson --dry-run`,
        sh`admin import users --tenant ${slug} -f users.ndjson`,
        sh`admin import list --tenant ${slug}`,
        sh`admin import allauth --tenant ${slug} --from postgres://reader@db/project`,
      ]}
    >
      <Loaded query={query}>
        {(data) => {
          const rows = rowsOf(data);
          if (rows.length === 0) {
            return (
              <Empty title="Nobody was imported yet" action={begin}>
                Bring the users of another system in: write them to a file as shown below, check it with a dry run, then
                import it. Straight from the database of a Django project, the command line does it.
              </Empty>
            );
          }
          return (
            <Rows
              label="Imports"
              rows={rows}
              id={(i) => i.id}
              more={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
              busy={query.isFetchingNextPage}
              columns={[
                {
                  label: "Begun",
                  cell: (i) => (
                    <Anchor component={Link} to={`/tenants/${slug}/imports/${i.id}`} size="sm">
                      <Time at={i.created_at} plain />
                    </Anchor>
                  ),
                },
                { label: "State", cell: (i) => <ImportState one={i} /> },
                { label: "Format", cell: (i) => (i.format === "csv" ? "CSV" : "NDJSON") },
                { label: "Rows", cell: (i) => (i.total === null ? "not known yet" : number(i.total)) },
                { label: "Imported", cell: (i) => (i.dry_run ? "none" : number(i.created)) },
                { label: "Skipped", cell: (i) => number(i.skipped) },
                { label: "Failed", cell: (i) => number(i.failed) },
              ]}
            />
          );
        }}
      </Loaded>
      {(query.data || query.error) && (
        <Section
          title="What a file looks like"
          lead="The full list of what a row can hold is in the documentation of imports."
        >
          <Stack>
            <Formats />
          </Stack>
        </Section>
      )}
      <NewImport slug={slug} opened={opened} close={dialog.close} />
    </Page>
  );
}
