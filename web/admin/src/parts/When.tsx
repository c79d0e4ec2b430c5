import { TextInput } from "@mantine/core";
import { moment } from "./moments";

/** A day or a time to filter by. The reader's own clock is what is typed; the value is a time as the API takes it. */
export function When(props: {
  label: string;
  value: string | undefined;
  onChange: (at: string | undefined) => void;
  /** Whole days, which begin at midnight. */
  day?: boolean;
}) {
  return (
    <TextInput
      type={props.day ? "date" : "datetime-local"}
      label={props.label}
      value={moment.typed(props.value, props.day)}
      onChange={(e) => props.onChange(moment.of(e.currentTarget.value))}
      max={props.day ? "9000-12-31" : "9000-12-31T23:59"}
    />
  );
}
