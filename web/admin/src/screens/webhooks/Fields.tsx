// What is said of a webhook, where it is made and where it is changed.
import { Stack, TagsInput, TextInput } from "@mantine/core";
import { wanted } from "./events";

export interface Said {
  url: string;
  events: string[];
  description: string;
}

export function Fields(props: {
  value: Said;
  faults: Record<string, string>;
  readOnly?: boolean;
  change: (value: Said) => void;
}) {
  const { value, faults, readOnly } = props;
  const events = Object.entries(faults)
    .filter(([path]) => path === "events" || path.startsWith("events["))
    .map(([, message]) => message)
    .join("; ");
  return (
    <Stack>
      <TextInput
        label="Address"
        description="Where events are posted to. It must be https, and on the public internet."
        placeholder="https://example.org/hooks"
        type="url"
        required
        withAsterisk={false}
        disabled={readOnly}
        value={value.url}
        onChange={(e) => props.change({ ...value, url: e.currentTarget.value })}
        error={faults.url}
        autoComplete="off"
      />
      <TagsInput
        label="Events"
        description="Which are sent: an event such as user.signed_up, all of a kind such as user.*, or * for every one, what operators do included."
        placeholder={readOnly ? undefined : "Choose, or type one and press Enter"}
        data={wanted}
        disabled={readOnly}
        value={value.events}
        onChange={(chosen) => props.change({ ...value, events: chosen })}
        acceptValueOnBlur
        maxTags={50}
        error={events}
        comboboxProps={{ withinPortal: true }}
        maxDropdownHeight={240}
      />
      <TextInput
        label="What it is for"
        placeholder="The data warehouse"
        maxLength={200}
        disabled={readOnly}
        value={value.description}
        onChange={(e) => props.change({ ...value, description: e.currentTarget.value })}
        error={faults.description}
      />
    </Stack>
  );
}
