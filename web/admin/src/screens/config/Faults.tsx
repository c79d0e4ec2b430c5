// What is wrong with a document, with the way to each line.
import { Alert, Anchor, List, Text } from "@mantine/core";
import { Failure } from "../../parts/Failure";
import { count } from "../../parts/words";
import type { Checked } from "./document";

export function Faults(props: { checked: Checked | undefined; error: unknown; go: (line: number) => void }) {
  const { checked, go } = props;
  const error = props.error ?? checked?.error;
  if (error !== undefined) {
    return <Failure error={error} />;
  }
  if (!checked?.faults || checked.faults.length === 0) {
    return null;
  }
  return (
    <Alert
      color="red"
      variant="outline"
      title={`${count(checked.faults.length, "thing")} to mend before it can be saved`}
    >
      <List size="sm" spacing={4}>
        {checked.faults.map((fault) => (
          <List.Item key={`${fault.path} ${fault.line} ${fault.message}`}>
            {fault.line !== undefined && (
              <>
                <Anchor component="button" type="button" inherit underline="always" onClick={() => go(fault.line ?? 1)}>
                  Line {fault.line}
                </Anchor>
                {": "}
              </>
            )}
            <Text span size="sm" className="foreign">
              {fault.path && <code className="code">{fault.path}</code>} {fault.message}
            </Text>
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}
