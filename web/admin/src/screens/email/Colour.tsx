import { TextInput } from "@mantine/core";
import { tied } from "../../settings/controls";
import type { Draft } from "../../settings/draft";
import { SettingRow } from "../../settings/SettingRow";
import classes from "./Colour.module.css";

const at = "config.branding.colour";

/** What the server has where nothing is set. */
const builtIn = "#2459b3";

/** The colour of buttons and links in mails: typed, or picked with what the browser has for it. */
export function Colour({ draft, readOnly }: { draft: Draft; readOnly: boolean }) {
  const given = draft.value(at);
  const value = typeof given === "string" ? given : "";
  const set = (v: string) => draft.set(at, v === "" ? undefined : v);
  return (
    <SettingRow
      draft={draft}
      at={at}
      label="Colour"
      description="Of buttons and links in mails. What stands on it is black or white, whichever is easier to read."
      fallback="blue"
      readOnly={readOnly}
    >
      {(ids) => (
        <TextInput
          {...tied({ ids, label: "Colour", readOnly })}
          value={value}
          onChange={(e) => set(e.currentTarget.value)}
          placeholder={builtIn}
          spellCheck={false}
          autoComplete="off"
          leftSectionPointerEvents="all"
          leftSection={
            <input
              type="color"
              className={classes.pick}
              aria-label="Pick a colour"
              disabled={readOnly}
              value={/^#[0-9a-f]{6}$/i.test(value) ? value.toLowerCase() : builtIn}
              onChange={(e) => set(e.currentTarget.value)}
            />
          }
        />
      )}
    </SettingRow>
  );
}
