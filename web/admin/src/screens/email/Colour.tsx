import { ColorInput } from "@mantine/core";
import type { Draft } from "../../settings/draft";

const at = "config.branding.colour";

/** The colour of buttons and links in mails. */
export function Colour({ draft, readOnly }: { draft: Draft; readOnly: boolean }) {
  const value = draft.value(at);
  return (
    <ColorInput
      label="Colour"
      description="Of buttons and links in mails. What stands on it is black or white, whichever is easier to read. Empty: blue."
      value={typeof value === "string" ? value : ""}
      onChange={(v) => draft.set(at, v === "" ? undefined : v)}
      error={draft.faults[at]}
      disabled={readOnly}
      format="hex"
      placeholder="#2459b3"
      withEyeDropper={false}
      swatches={["#2459b3", "#0b5e55", "#7a1f5c", "#9a3412", "#1f2937"]}
      popoverProps={{ withinPortal: true }}
      styles={{ wrapper: { maxWidth: 260 } }}
    />
  );
}
