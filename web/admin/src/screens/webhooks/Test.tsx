// A test event, and what came of it.
import { Alert, Button, Loader, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { api } from "../../api/client";
import { Failure } from "../../parts/Failure";
import { Section } from "../../parts/Section";
import { Outcome } from "./DeliveryDetail";

export function Test({ slug, id, enabled }: { slug: string; id: string; enabled: boolean }) {
  const [delivery, setDelivery] = useState<string>();
  const test = api.useMutation("post", "/admin/v1/tenants/{slug}/webhooks/{id}/test");
  const query = api.useQuery(
    "get",
    "/admin/v1/tenants/{slug}/webhooks/{id}/deliveries/{delivery}",
    { params: { path: { slug, id, delivery: delivery ?? "" } } },
    {
      enabled: delivery !== undefined,
      // The server sends it at once; an answer may take up to fifteen seconds.
      refetchInterval: (q) =>
        q.state.data && (q.state.data.state !== "queued" || q.state.data.error !== "") ? false : 1000,
    },
  );
  const answered = query.data && (query.data.state !== "queued" || query.data.error !== "");
  return (
    <Section
      title="Test"
      lead="Sends an event of the type webhook.test, whatever events are wanted."
      actions={
        <Button
          variant="default"
          size="xs"
          disabled={!enabled}
          loading={test.isPending}
          onClick={() => test.mutate({ params: { path: { slug, id } } }, { onSuccess: (made) => setDelivery(made.id) })}
        >
          Send test event
        </Button>
      }
    >
      <Stack gap="xs" aria-live="polite" className="quiet-when-empty">
        {!enabled && (
          <Text size="sm" c="dimmed">
            Enable the webhook to test it.
          </Text>
        )}
        {test.error && <Failure error={test.error} />}
        {delivery !== undefined && !answered && !query.error && (
          <Text size="sm">
            <Loader size={14} mr={8} />
            It is on its way.
          </Text>
        )}
        {query.error && <Failure error={query.error} retry={() => void query.refetch()} />}
        {answered && query.data && (
          <Alert
            color={query.data.state === "delivered" ? "green" : "red"}
            variant="outline"
            title={query.data.state === "delivered" ? "The receiver took it" : "It did not get through"}
          >
            <Outcome delivery={query.data} />
          </Alert>
        )}
      </Stack>
    </Section>
  );
}
