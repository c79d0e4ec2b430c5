import { Alert } from "@mantine/core";
import { beside } from "./answers";

/** What went wrong with a form, where it belongs to none of its fields. */
export function Said({ error, fields = [] }: { error: unknown; fields?: string[] }) {
  const text = beside(error, ...fields);
  return text ? (
    <Alert color="red" variant="outline" role="alert">
      {text}
    </Alert>
  ) : null;
}
