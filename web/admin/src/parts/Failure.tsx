import { Alert, Anchor, Button, Group, List, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { problemOf, uncertain } from "../api/problem";

/** What went wrong, in the server's words, and a way to try again or, where that cannot help, a way out. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const problem = problemOf(error);
  const final = problem.status === 403 || problem.status === 404;
  const lost = problem.status === 0 && problem.type === "unreachable" && !retry;
  return (
    <Alert role="alert" color="red" variant="outline" icon={<IconAlertTriangle />} title={problem.title}>
      {problem.detail && (
        <Text size="sm">
          {problem.detail}
          {lost && ` ${uncertain}`}
        </Text>
      )}
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
        {retry && final && (
          <Anchor component={Link} to="/tenants" size="sm" underline="always">
            To the tenants
          </Anchor>
        )}
        {retry && !final && (
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
