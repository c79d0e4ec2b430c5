// Two people changed the same tenant at the same time. What does not touch each other is put together; for the rest, somebody chooses.
import { Button, Group, Modal, Radio, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { Changes, shown } from "../parts/Changes";
import { type Draft, editableOf, type Tenant } from "./draft";
import { differences, merge, withValue } from "./patch";

export function Conflict({ draft, theirs }: { draft: Draft; theirs: Tenant }) {
  const now = editableOf(theirs);
  const { merged, clashes } = merge(draft.base, draft.mine, now);
  const [chosen, setChosen] = useState<Record<string, "mine" | "theirs">>({});
  const others = differences(draft.base, now).map((d) => ({
    path: d.path.join("."),
    before: (d.before ?? null) as never,
    after: (d.after ?? null) as never,
  }));
  const name = (path: string[]) => path.join(".");
  const settle = () => {
    let result = merged;
    for (const clash of clashes) {
      if (chosen[name(clash.path)] === "mine") {
        result = withValue(result, clash.path, clash.mine);
      }
    }
    draft.settle(result);
  };
  return (
    <Modal
      opened
      onClose={() => draft.settle(now)}
      title="Someone else changed this tenant meanwhile"
      size="xl"
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
    >
      <Stack>
        <Text size="sm">
          It is at version {theirs.version} now; you began with version {draft.tenant.version}. This is what they
          changed:
        </Text>
        <Changes changes={others} />
        {clashes.length === 0 ? (
          <Text size="sm">Your changes touch none of these. You can save them on top.</Text>
        ) : (
          clashes.map((clash) => (
            <Radio.Group
              key={name(clash.path)}
              label={`Both of you changed ${name(clash.path)}`}
              value={chosen[name(clash.path)] ?? ""}
              onChange={(v) => setChosen({ ...chosen, [name(clash.path)]: v as "mine" | "theirs" })}
            >
              <Stack gap="xs" mt="xs">
                <Radio
                  value="theirs"
                  label={
                    <>
                      Theirs: <code className="code foreign">{shown(clash.theirs)}</code>
                    </>
                  }
                />
                <Radio
                  value="mine"
                  label={
                    <>
                      Mine: <code className="code foreign">{shown(clash.mine)}</code>
                    </>
                  }
                />
              </Stack>
            </Radio.Group>
          ))
        )}
        <Group justify="end">
          <Button variant="default" onClick={() => draft.settle(now)}>
            Drop my changes
          </Button>
          <Button onClick={settle} disabled={clashes.some((c) => !chosen[name(c.path)])}>
            Go on with both
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
