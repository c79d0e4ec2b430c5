// An editor of the rates of one action: as numbers and words, or as the text that stands in the settings.
import { ActionIcon, Button, Group, NativeSelect, NumberInput, Stack, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import type { Action } from "./actions";
import { type Per, parseRates, type Rate, RateFault, windowOf, windowParts, writeRates } from "./rates";

const unitNames = { s: "seconds", m: "minutes", h: "hours", d: "days" };
const perNames: Record<Per, string> = { ip: "from one network address", user: "by one account", key: "" };

export function RateEditor(props: { action: Action; text: string; set: (text: string) => void }) {
  const { action, text, set } = props;
  let rates: Rate[] = [];
  let fault = "";
  try {
    rates = parseRates(text);
  } catch (e) {
    fault = e instanceof RateFault ? `${e.message.charAt(0).toUpperCase()}${e.message.slice(1)}.` : String(e);
  }
  const change = (i: number, by: Partial<Rate>) =>
    set(writeRates(rates.map((r, at) => (at === i ? { ...r, ...by } : r))));
  const free = action.per
    .flatMap((per) => [60_000, 3_600_000, 86_400_000, 300_000].map((window) => ({ amount: 10, window, per })))
    .find((r) => !rates.some((other) => other.per === r.per && other.window === r.window));
  return (
    <Stack gap="xs" mt="xs">
      {!fault &&
        rates.map((rate, i) => {
          const { n, unit } = windowParts(rate.window);
          const of = `rate ${i + 1} of ${action.label}`;
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: rates have no other name, and keep their place while they are edited
            <Group key={i} gap={6} align="center">
              <NumberInput
                aria-label={`Amount, ${of}`}
                w={110}
                min={1}
                max={1_000_000}
                allowDecimal={false}
                allowNegative={false}
                thousandSeparator=","
                value={rate.amount}
                onChange={(v) => Number(v) >= 1 && change(i, { amount: Number(v) })}
              />
              <span>in</span>
              <NumberInput
                aria-label={`Duration, ${of}`}
                w={90}
                min={0}
                allowNegative={false}
                hideControls
                value={n}
                onChange={(v) => Number(v) > 0 && change(i, { window: windowOf(Number(v), unit) })}
              />
              <NativeSelect
                aria-label={`Unit, ${of}`}
                w={110}
                value={unit}
                data={Object.entries(unitNames).map(([value, label]) => ({ value, label }))}
                onChange={(e) => change(i, { window: windowOf(n, e.currentTarget.value as "s" | "m" | "h" | "d") })}
              />
              <NativeSelect
                aria-label={`Counted by, ${of}`}
                value={rate.per}
                data={[...new Set([...action.per, rate.per])].map((per) => ({
                  value: per,
                  label: per === "key" ? `for one ${action.key}` : perNames[per],
                }))}
                onChange={(e) => change(i, { per: e.currentTarget.value as Per })}
              />
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Remove ${of}`}
                onClick={() => set(writeRates(rates.filter((_, at) => at !== i)))}
              >
                <IconX size={16} />
              </ActionIcon>
            </Group>
          );
        })}
      <Group gap="xs" align="end">
        {!fault && free && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPlus size={14} />}
            onClick={() => set(writeRates([...rates, free]))}
          >
            Add a rate
          </Button>
        )}
      </Group>
      <TextInput
        label="As text"
        aria-label={`${action.label}, as text`}
        description="amount/duration/per, with commas between; per is ip, user or key"
        value={text}
        maw="24rem"
        classNames={{ input: "code" }}
        spellCheck={false}
        error={fault || undefined}
        onChange={(e) => set(e.currentTarget.value)}
      />
    </Stack>
  );
}
