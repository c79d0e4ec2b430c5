// Going back to an earlier version: what that changes, said before it is done.
import { Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { api } from "../../api/client";
import { isProblem } from "../../api/problem";
import { queries } from "../../api/queries";
import { Changes } from "../../parts/Changes";
import { FormModal } from "../../parts/FormModal";
import { Loaded } from "../../parts/Loaded";
import { Meanwhile } from "../../parts/Meanwhile";
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
  const submit = async () => {
    try {
      await rollback.mutateAsync({
        params: { path: { slug }, header: { "If-Match": `"${from}"` } },
        body: { version, ...(note ? { note } : {}) },
      });
    } catch (error) {
      if (isProblem(error, "stale", "conflict")) {
        void queries.invalidateQueries(); // whatever it is now is read, so that it can be shown anew
      }
      throw error;
    }
    done(`The tenant is as of version ${version} again.`);
  };
  return (
    <FormModal
      opened
      close={props.close}
      title={`Roll back to version ${version}?`}
      action="Roll back"
      size="xl"
      fields={[]}
      disabled={query.data === undefined}
      submit={submit}
      settle={(error, anew) =>
        isProblem(error, "stale", "conflict") && (
          <Meanwhile
            ways={[
              {
                label: "Show it anew",
                go: () => {
                  setFrom(tenant.version);
                  anew();
                },
              },
            ]}
          >
            What would change now is not what is shown above.
          </Meanwhile>
        )
      }
    >
      {() => (
        <>
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
        </>
      )}
    </FormModal>
  );
}
