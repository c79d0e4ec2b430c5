// Settings that few need, folded away until somebody asks for them, or until something in them is changed or wrong.
import { Stack, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { type ReactNode, useId, useState } from "react";
import { spoken } from "../parts/words";
import type { Draft } from "./draft";
import { differences } from "./patch";

export function More(props: {
  label: string;
  draft: Draft;
  /** The settings within, such as account.login_timeout, or what their paths begin with. */
  paths: string[];
  children: ReactNode;
}) {
  const { draft, paths } = props;
  const id = useId();
  const within = (place: string) => paths.some((p) => place.startsWith(`config.${p}`));
  const [asked, ask] = useState(() => within(`config.${window.location.hash.slice(1)}`));
  const needed = draft.changes.some((c) => within(c.path.join("."))) || Object.keys(draft.faults).some(within);
  const open = asked || needed;
  const set = differences({}, draft.mine).filter((d) => within(d.path.join("."))).length;
  return (
    <div className="more">
      <UnstyledButton
        aria-expanded={open}
        aria-controls={id}
        onClick={() => ask(!open)}
        fz="sm"
        fw={550}
        c="var(--mantine-color-anchor)"
      >
        {open ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />} {spoken(props.label)}
        {!open && set > 0 && ` (${set} set)`}
      </UnstyledButton>
      <div id={id} hidden={!open}>
        {open && (
          <Stack gap="md" mt="md">
            {props.children}
          </Stack>
        )}
      </div>
    </div>
  );
}
