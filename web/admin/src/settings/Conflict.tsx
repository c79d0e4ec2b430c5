// Two people changed the same tenant at the same time. What does not touch each other is put together; for the rest, somebody chooses.
import { Button, Group, Modal, Radio, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { api } from "../api/client";
import { Changes, shown } from "../parts/Changes";
import { meanwhile } from "../parts/Meanwhile";
import { Time } from "../parts/Time";
import { count } from "../parts/words";
import { type Draft, editableOf, type Tenant } from "./draft";
import { differences, type Json, merge, withValue } from "./patch";
import { useSchema } from "./schema";
import { changesToShow, valueToShow } from "./show";

export function Conflict({ draft, theirs }: { draft: Draft; theirs: Tenant }) {
  const now = editableOf(theirs);
  const { merged, clashes } = merge(draft.base, draft.mine, now);
  const [chosen, setChosen] = useState<Record<string, "mine" | "theirs">>({});
  const { data: schema } = useSchema();
  const latest = api.useQuery("get", "/admin/v1/tenants/{slug}/versions", {
    params: { path: { slug: theirs.slug }, query: { limit: 1 } },
  }).data?.items[0];
  const name = (path: string[]) => path.join(".").replace(/^config\./, "");
  const words = (path: string[], value: Json | undefined) => shown(valueToShow(path, value, schema));
  const settle = () => {
    let result = merged;
    for (const clash of clashes) {
      if (chosen[name(clash.path)] === "mine") {
        result = withValue(result, clash.path, clash.mine);
      }
    }
    draft.settle(result);
  };
  const mine = draft.changes.length - clashes.length;
  return (
    <Modal
      opened
      onClose={() => draft.settle(now)}
      title={meanwhile()}
      size="xl"
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
    >
      <Stack>
        <Text size="sm" component="div">
          Nothing was saved yet: you began with version {draft.tenant.version}, and it is at version {theirs.version}{" "}
          now.
          {latest && (
            <>
              {" "}
              <span className="foreign">{latest.actor.name}</span> changed it <Time at={latest.at} />
              {latest.note && (
                <>
                  {" "}
                  (<q className="foreign">{latest.note}</q>)
                </>
              )}
              .
            </>
          )}{" "}
          This is what is different:
        </Text>
        <Changes changes={changesToShow(differences(draft.base, now), schema)} />
        {clashes.length === 0 ? (
          <Text size="sm">Your changes touch none of these. Go on with both, look at the whole, and save it.</Text>
        ) : (
          <>
            {clashes.map((clash) => (
              <Radio.Group
                key={name(clash.path)}
                label={`Both of you changed ${name(clash.path)}. Which one shall it be?`}
                value={chosen[name(clash.path)] ?? ""}
                onChange={(v) => setChosen({ ...chosen, [name(clash.path)]: v as "mine" | "theirs" })}
              >
                <Stack gap="xs" mt="xs">
                  <Radio
                    value="theirs"
                    label={
                      <>
                        Theirs: <code className="code foreign">{words(clash.path, clash.theirs)}</code>
                      </>
                    }
                  />
                  <Radio
                    value="mine"
                    label={
                      <>
                        Mine: <code className="code foreign">{words(clash.path, clash.mine)}</code>
                      </>
                    }
                  />
                </Stack>
              </Radio.Group>
            ))}
            {mine > 0 && <Text size="sm">Your other {count(mine, "change")} can stay as they are.</Text>}
          </>
        )}
        <Group justify="end">
          <Button variant="default" onClick={() => draft.settle(now)}>
            Drop my changes
          </Button>
          <Button onClick={settle} disabled={clashes.some((c) => !chosen[name(c.path)])}>
            {clashes.length > 0 ? "Use these choices" : "Go on with both"}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
