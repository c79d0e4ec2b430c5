// What all screens of one tenant share: it is there, and what is special about it is said.
import { Alert, Stack } from "@mantine/core";
import { Outlet, useParams } from "@tanstack/react-router";
import { useEffect } from "react";
import { isProblem } from "../api/problem";
import { Failed, Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { useTenant } from "../settings/draft";
import { visited } from "./favourites";

export function TenantFrame() {
  const { slug = "" } = useParams({ strict: false });
  const query = useTenant(slug);
  useEffect(() => {
    if (query.data) {
      visited(query.data.slug, query.data.name);
    }
  }, [query.data]);
  if (query.error && !query.data) {
    return (
      <Page
        title={isProblem(query.error, "missing") ? "There is no such tenant" : slug}
        above={[{ label: "Tenants", to: "/tenants" }]}
      >
        <Failed error={query.error} />
      </Page>
    );
  }
  return (
    <Loaded query={query} lines={8}>
      {(tenant) => (
        <Stack>
          {tenant.state === "suspended" && (
            <Alert color="yellow" variant="outline" title="This tenant is suspended">
              Every request to it is refused until it is resumed. Its settings can be changed meanwhile.
            </Alert>
          )}
          {tenant.error && (
            <Alert color="red" variant="outline" title="This tenant cannot be served">
              {tenant.error}
            </Alert>
          )}
          {tenant.slug === "system" && (
            <Alert color="blue" variant="outline" title="The operators' own tenant">
              Whoever has an account here may be an operator. It is served on the operators' address alone.
            </Alert>
          )}
          <Outlet />
        </Stack>
      )}
    </Loaded>
  );
}
