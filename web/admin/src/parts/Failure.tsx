import { Alert, Button, Group, List, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { problemOf } from "../api/problem";

/** What went wrong, in the server's words, and a way to try again. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const problem = problemOf(error);
  return (
    <Alert role="alert" color="red" variant="outline" icon={<IconAlertTriangle />} title={problem.title}>
      {problem.detail && <Text size="sm">{problem.detail}</Text>}
      {problem.errors && problem.errors.length > 0 && (
        <List size="sm" mt="xs">
          {problem.errors.map((fault) => (
            <List.Item key={`${fault.path} ${fault.line} ${fault.message}`} className="foreign">
              {fault.path && <code className="code">{fault.path}</code>} {fault.message}
            </List.Item>
          ))}
        </List>
      )}
      <Group mt="sm" gap="sm">
        {retry && (
          <Button size="xs" variant="default" onClick={retry}>
            Try again
          </Button>
        )}
        {problem.request_id && (
          <Text size="xs" c="dimmed">
            Request <code className="code">{problem.request_id}</code>
          </Text>
        )}
      </Group>
    </Alert>
  );
}
