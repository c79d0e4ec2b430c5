// Two people changed the same document. What does not touch each other is put together; for the rest, somebody chooses.
import { Button, Group, Modal, Radio, SimpleGrid, Stack, Text } from "@mantine/core";
import { useMemo, useState } from "react";
import { api } from "../../api/client";
import { Changes } from "../../parts/Changes";
import { Loaded } from "../../parts/Loaded";
import { meanwhile } from "../../parts/Meanwhile";
import { count } from "../../parts/words";
import type { Doc } from "./document";
import { merge, settled } from "./merge";

export function Merge(props: { slug: string; base: Doc; mine: string; theirs: Doc; settle: (merged: string) => void }) {
  const { slug, base, mine, theirs } = props;
  const pieces = useMemo(() => merge(base.text, mine, theirs.text), [base, mine, theirs]);
  const [chosen, setChosen] = useState<Record<number, "mine" | "theirs">>({});
  const clashes = pieces.flatMap((p, index) => ("mine" in p ? [{ ...p, index }] : []));
  const others = api.useQuery("get", "/admin/v1/tenants/{slug}/diff", {
    params: { path: { slug }, query: { from: base.version, to: theirs.version } },
  });
  const drop = () => props.settle(theirs.text);
  return (
    <Modal
      opened
      onClose={drop}
      title={meanwhile()}
      size="xl"
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
    >
      <Stack>
        <Text size="sm">
          It is at version {theirs.version} now; you began with version {base.version}. This is what they changed:
        </Text>
        <Loaded query={others} lines={2}>
          {(data) => <Changes changes={data.changes} />}
        </Loaded>
        <Text size="sm">
          {clashes.length === 0
            ? "Your changes touch none of these lines. You can save them on top."
            : `In ${count(clashes.length, "place")} both of you changed the same lines. Choose which stay; you can go on editing afterwards.`}
        </Text>
        {clashes.map((clash, i) => (
          <Radio.Group
            key={clash.index}
            label={`Place ${i + 1} of ${clashes.length}`}
            value={chosen[clash.index] ?? ""}
            onChange={(v) => setChosen({ ...chosen, [clash.index]: v as "mine" | "theirs" })}
          >
            <SimpleGrid cols={{ base: 1, sm: 2 }} mt="xs">
              {(["theirs", "mine"] as const).map((whose) => (
                <div key={whose}>
                  <Radio value={whose} label={whose === "mine" ? "Mine" : "Theirs"} />
                  <pre className="code foreign" style={{ whiteSpace: "pre-wrap" }}>
                    {clash[whose].join("\n") || "(these lines are gone)"}
                  </pre>
                </div>
              ))}
            </SimpleGrid>
          </Radio.Group>
        ))}
        <Group justify="end">
          <Button variant="default" onClick={drop}>
            Drop my changes
          </Button>
          <Button
            disabled={clashes.some((c) => chosen[c.index] === undefined)}
            onClick={() => props.settle(settled(pieces, (index) => chosen[index] ?? "theirs"))}
          >
            Go on with both
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
