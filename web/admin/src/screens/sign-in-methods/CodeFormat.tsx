// The shape of codes that people type, with an example of what comes of it.
import { Checkbox, NumberInput, Stack } from "@mantine/core";
import type { Draft } from "../../settings/draft";
import type { Json } from "../../settings/patch";
import { SettingRow } from "../../settings/SettingRow";
import { exampleCode, type Format, formatOf } from "./code";

const common = "common.user_code_format";

export function CodeFormat(props: { draft: Draft; path: string; label: string; readOnly: boolean }) {
  const { draft, path, label, readOnly } = props;
  const at = `config.${path}`;
  const shared = draft.value(`config.${common}`);
  const format = formatOf(draft.value(at) ?? shared);
  const set = (change: Partial<Format>) => draft.set(at, { ...format, ...change } as unknown as Json);
  return (
    <SettingRow
      draft={draft}
      at={at}
      label={label}
      description={
        <>
          Such as <code className="code">{exampleCode(format)}</code>. Letters are consonants, which spell no words; the
          dash may be left out when it is typed.
        </>
      }
      fallback={path === common ? exampleCode(formatOf(undefined)) : `as all codes, ${exampleCode(formatOf(shared))}`}
      group
      readOnly={readOnly}
    >
      {(ids) => (
        <Stack gap="xs">
          <NumberInput
            aria-label={`Characters of ${label}`}
            value={format.length}
            min={4}
            max={32}
            clampBehavior="none"
            allowDecimal={false}
            suffix=" characters"
            disabled={readOnly}
            error={ids.invalid}
            onChange={(v) => v !== "" && set({ length: Number(v) })}
          />
          <Checkbox
            label="Digits alone"
            checked={format.numeric}
            disabled={readOnly}
            onChange={(e) => set({ numeric: e.currentTarget.checked })}
          />
          <Checkbox
            label="With a dash"
            checked={format.dashed}
            disabled={readOnly}
            onChange={(e) => set({ dashed: e.currentTarget.checked })}
          />
        </Stack>
      )}
    </SettingRow>
  );
}
