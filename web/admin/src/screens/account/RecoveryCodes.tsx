import { Badge, Button } from "@mantine/core";
import { IconLifebuoy } from "@tabler/icons-react";
import { useState } from "react";
import { Confirm } from "../../parts/Confirm";
import { count } from "../../parts/words";
import { type Factor, readAgain, renewCodes } from "../../session/own";
import type { Prove } from "../../session/Prove";
import { Item } from "./Factors";

/** How many recovery codes are left, and the way to new ones. */
export function RecoveryCodes(props: { factor: Factor; prove: Prove; show: (codes: string[]) => void }) {
  const [asking, setAsking] = useState(false);
  const left = props.factor.unused_code_count ?? 0;
  return (
    <>
      <Item
        icon={<IconLifebuoy aria-hidden />}
        title="Recovery codes"
        badge={left < 3 && <Badge color="yellow">few left</Badge>}
        factor={props.factor}
        lead={`${count(left, "code")} of ${props.factor.total_code_count ?? left} left, each good for one sign-in.`}
      >
        <Button variant="default" size="xs" onClick={() => setAsking(true)}>
          Make new codes
        </Button>
      </Item>
      <Confirm
        opened={asking}
        close={() => setAsking(false)}
        title="Make new recovery codes?"
        action="Make new codes"
        run={async () => {
          const codes = await props.prove(renewCodes);
          props.show(codes ?? []);
          await readAgain();
        }}
      >
        The codes that you have now stop working. The new ones are shown once.
      </Confirm>
    </>
  );
}
