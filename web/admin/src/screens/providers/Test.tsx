// Trying an app out: what was tried, and what came of it.
import { Alert, Badge, Button, Group, List, Text, ThemeIcon } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconHelp, IconX } from "@tabler/icons-react";
import { api, type Schema } from "../../api/client";
import { Failure } from "../../parts/Failure";

type Step = Schema<"ProviderStep">;

const steps: Record<Step["step"], string> = {
  discovery: "It describes itself",
  issuer: "It is who was meant",
  keys: "It has keys",
  credentials: "It takes the credentials",
};

/** The same by SAML. Whether the provider knows the tenant it tells those alone who are sent there. */
const samlSteps: typeof steps = {
  ...steps,
  discovery: "Where it is",
  keys: "Its certificate is good",
  credentials: "The tenant's part",
};

const levels: Record<Step["level"], { colour: string; icon: typeof IconCheck; label: string }> = {
  ok: { colour: "green", icon: IconCheck, label: "Fine" },
  warning: { colour: "yellow.7", icon: IconAlertTriangle, label: "Look at this" },
  problem: { colour: "red", icon: IconX, label: "Does not work" },
  unknown: { colour: "gray.7", icon: IconHelp, label: "Could not be told" },
};

export function Test({
  slug,
  app,
  unsaved,
}: {
  slug: string;
  app: Schema<"ProviderApp"> | undefined;
  unsaved: boolean;
}) {
  const saml = app?.provider === "saml";
  const test = api.useMutation("post", "/admin/v1/tenants/{slug}/providers/test");
  if (!app?.testable && !unsaved) {
    return (
      <Text size="xs" c="dimmed">
        This server does not know how to try this provider out.
      </Text>
    );
  }
  return (
    <>
      <Group gap="xs">
        <Button
          size="compact-sm"
          variant="default"
          disabled={unsaved || !app}
          loading={test.isPending}
          onClick={() =>
            app &&
            test.mutate({
              params: { path: { slug } },
              body: { provider: app.provider, client_id: app.client_id, provider_id: app.provider_id },
            })
          }
        >
          Test
        </Button>
        <Text size="xs" c="dimmed">
          {unsaved
            ? "Save first: what is tried is what is saved."
            : saml
              ? "The provider's metadata and certificates are looked at, and the tenant's own key. Nobody is signed in."
              : "The provider is asked to describe itself, and shown the credentials. Nobody is signed in."}
        </Text>
      </Group>
      <div aria-live="polite">
        {test.error && <Failure error={test.error} />}
        {test.data && (
          <Alert
            variant="default"
            title={
              test.data.steps.some((s) => s.level === "problem")
                ? "It does not work yet"
                : saml || test.data.steps.some((s) => s.level !== "ok")
                  ? "Nothing is known to be wrong"
                  : "It works"
            }
          >
            <List spacing="sm" size="sm" center={false}>
              {test.data.steps.map((s) => {
                const { colour, icon: Icon, label } = levels[s.level];
                return (
                  <List.Item
                    key={s.step}
                    icon={
                      <ThemeIcon color={colour} size={20} radius="xl" aria-hidden>
                        <Icon size={13} />
                      </ThemeIcon>
                    }
                  >
                    <Text size="sm" fw={550} component="span">
                      {(saml ? samlSteps : steps)[s.step]}
                    </Text>{" "}
                    <Badge variant="dot" color={colour} size="sm">
                      {label}
                    </Badge>
                    <Text size="sm" className="foreign">
                      {s.message}
                      {s.remedy && ` ${s.remedy}`}
                    </Text>
                  </List.Item>
                );
              })}
            </List>
          </Alert>
        )}
      </div>
    </>
  );
}
