// Going back to an earlier version: what that changes, said before it is done.
import { Alert, Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { api } from "../../api/client";
import { isProblem } from "../../api/problem";
import { queries } from "../../api/queries";
import { Changes } from "../../parts/Changes";
import { Failure } from "../../parts/Failure";
import { Loaded } from "../../parts/Loaded";
import { done } from "../../parts/tell";
import type { Tenant } from "../../settings/draft";

export function RollBack(props: { slug: string; tenant: Tenant; version: number; close: () => void }) {
  const { slug, tenant, version } = props;
  const [note, setNote] = useState("");
  // What is shown is what was there when it was shown: a change by somebody else meanwhile is not rolled back unseen.
  const [from, setFrom] = useState(tenant.version);
  const rollback = api.useMutation("post", "/admin/v1/tenants/{slug}/rollback");
  // While it happens it is not looked at again: what it was then may not be among the versions any more.
  const query = api.useQuery(
    "get",
    "/admin/v1/tenants/{slug}/diff",
    { params: { path: { slug }, query: { from, to: version } } },
    { enabled: !rollback.isPending },
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    rollback.mutate(
      {
        params: { path: { slug }, header: { "If-Match": `"${from}"` } },
        body: { version, ...(note ? { note } : {}) },
      },
      {
        // Whatever it is now is read, so that it can be shown anew.
        onError: (error) => {
          if (isProblem(error, "stale", "conflict")) {
            void queries.invalidateQueries();
          }
        },
        onSuccess: () => {
          done(`The tenant is as of version ${version} again.`);
          props.close();
        },
      },
    );
  };
  const stale = isProblem(rollback.error, "stale", "conflict");
  return (
    <Modal opened onClose={props.close} title={`Roll back to version ${version}?`} size="xl">
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm">
            Name, hosts and configuration become what they were, secrets included, within two seconds. It is a new
            version, so that it can be taken back as well. Whether the tenant is suspended stays as it is, and so do its
            users.
          </Text>
          <Loaded query={query} lines={3}>
            {(data) => <Changes changes={data.changes.filter((c) => c.path !== "state")} />}
          </Loaded>
          <TextInput
            label="Why"
            description="Kept with the version, for whoever looks at it later."
            value={note}
            maxLength={500}
            onChange={(e) => setNote(e.currentTarget.value)}
          />
          {stale ? (
            <Alert color="yellow" variant="outline" role="alert" title="Someone else changed this tenant meanwhile">
              <Stack gap="xs" align="start">
                <Text size="sm">What would change now is not what is shown above.</Text>
                <Button
                  size="xs"
                  variant="default"
                  onClick={() => {
                    rollback.reset();
                    setFrom(tenant.version);
                  }}
                >
                  Show it anew
                </Button>
              </Stack>
            </Alert>
          ) : (
            rollback.error && <Failure error={rollback.error} />
          )}
          <Group justify="end">
            <Button variant="default" onClick={props.close}>
              Cancel
            </Button>
            <Button type="submit" loading={rollback.isPending} disabled={stale || query.data === undefined}>
              Roll back
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
