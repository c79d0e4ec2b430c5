import { Badge, Button, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { api } from "../../api/client";
import { Loaded } from "../../parts/Loaded";
import { byCursor } from "../../parts/pages";
import { Rows } from "../../parts/Rows";
import { Section } from "../../parts/Section";
import { number } from "../../parts/words";
import type { Import } from "./State";

/** The rows that were not imported, with their lines and what is wrong. */
export function RowErrors({ slug, one }: { slug: string; one: Import }) {
  const query = api.useInfiniteQuery(
    "get",
    "/admin/v1/tenants/{slug}/imports/{id}/errors",
    { params: { path: { slug, id: one.id }, query: { limit: 100 } } },
    {
      ...byCursor,
      // The answer may be text, where that is asked for.
      getNextPageParam: (last) => (typeof last === "string" ? undefined : (last.next_cursor ?? undefined)),
    },
  );
  // What the import counts tells when there are more to be read, the last ones after its end among them.
  const told = one.failed + one.skipped;
  const seen = useRef(told);
  const { refetch } = query;
  useEffect(() => {
    if (seen.current !== told) {
      seen.current = told;
      void refetch();
    }
  }, [told, refetch]);
  const there = told > 0;
  return (
    <Section
      title="Rows that were not imported"
      lead="Put the failed ones right in the file and import it again: whoever is here already is skipped. Of skipped rows, the first 10,000 are listed."
      actions={
        there && (
          <Button
            component="a"
            href={`/admin/v1/tenants/${slug}/imports/${one.id}/errors?format=ndjson`}
            download={`import-${one.id}-errors.ndjson`}
            variant="default"
            leftSection={<IconDownload size={16} />}
          >
            Download all
          </Button>
        )
      }
    >
      <Loaded query={query} lines={4}>
        {(data) => {
          const rows = data.pages.flatMap((page) => (typeof page === "string" ? [] : page.items));
          if (rows.length === 0) {
            return (
              <Text size="sm" c="dimmed">
                {one.state === "finished" ? "None. Every row was fine." : "None so far."}
              </Text>
            );
          }
          return (
            <Rows
              label="Rows that were not imported"
              rows={rows}
              id={(e) => `${e.line} ${e.path} ${e.message}`}
              more={query.hasNextPage ? () => void query.fetchNextPage() : undefined}
              busy={query.isFetchingNextPage}
              columns={[
                { label: "Line", cell: (e) => number(e.line) },
                {
                  label: "Outcome",
                  cell: (e) => (
                    <Badge color={e.outcome === "failed" ? "red" : "gray"}>
                      {e.outcome === "failed" ? "Failed" : "Skipped"}
                    </Badge>
                  ),
                },
                {
                  label: "Field",
                  cell: (e) => (e.path ? <code className="code foreign">{e.path}</code> : "the whole row"),
                },
                { label: "What is wrong", cell: (e) => <span className="foreign">{e.message}</span> },
              ]}
            />
          );
        }}
      </Loaded>
    </Section>
  );
}
