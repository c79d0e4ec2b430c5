import { Anchor, Button, Group, List, Stack, Text, ThemeIcon, VisuallyHidden } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { IconCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { api } from "../../api/client";
import { Copy } from "../../parts/Copy";
import { useStats } from "../../parts/interval";
import { Section } from "../../parts/Section";
import { may, useMe } from "../../session/me";
import type { Tenant } from "../../settings/draft";
import { type Step, stepsOf } from "./steps";

/** What is still to be done at a tenant; undefined as long as it is not known. Whoever hid it is told of nothing. */
export function useSteps(tenant: Tenant): { steps: Step[] | undefined; hide: () => void } {
  const { data: me } = useMe();
  const [hidden, setHidden] = useLocalStorage({
    key: `vestibule.steps.${tenant.id}`,
    defaultValue: "",
    getInitialValueInEffect: false,
  });
  const wanted = hidden === "" && tenant.slug !== "system";
  const mayPeople = wanted && may(me, "users.read", tenant.slug);
  const mayStats = wanted && may(me, "stats.read", tenant.slug);
  const people = api.useQuery(
    "get",
    "/admin/v1/tenants/{slug}/users",
    { params: { path: { slug: tenant.slug }, query: { limit: 1 } } },
    { enabled: mayPeople },
  );
  const year = useStats(tenant.slug, "month", mayStats);
  const hide = () => setHidden("hidden");
  if (!wanted) {
    return { steps: [], hide };
  }
  if ((mayPeople && people.isPending) || (mayStats && year.isPending)) {
    return { steps: undefined, hide };
  }
  const totals = year.data?.totals;
  const steps = stepsOf(tenant, {
    people: people.data && people.data.items.length > 0,
    activity: totals && (totals.logins ?? 0) + (totals.signups ?? 0) > 0,
  });
  return { steps, hide };
}

/** What is still to be done at a new tenant. It goes away when all of it is, or when somebody says so. */
export function NextSteps({ steps, hide }: { steps: Step[]; hide: () => void }) {
  const left = steps.filter((s) => !s.finished).length;
  if (left === 0) {
    return null;
  }
  return (
    <Section
      title="Next steps"
      lead={`${steps.length - left} of ${steps.length} done.`}
      actions={
        <Button variant="default" size="xs" onClick={hide}>
          Hide
        </Button>
      }
    >
      <List listStyleType="none" spacing="md">
        {steps.map((s, i) => (
          <List.Item key={s.id} styles={{ itemWrapper: { width: "100%" }, itemLabel: { flex: 1 } }}>
            <Group gap="sm" wrap="nowrap" align="start">
              <ThemeIcon radius="xl" size="md" variant={s.finished ? "filled" : "default"}>
                {s.finished ? <IconCheck size={16} aria-hidden /> : <Text size="sm">{i + 1}</Text>}
              </ThemeIcon>
              <Stack gap={2} flex={1} miw={0}>
                <Text fw={600} c={s.finished ? "dimmed" : undefined}>
                  {s.title}
                  {s.finished && <VisuallyHidden> (done)</VisuallyHidden>}
                </Text>
                {!s.finished && (
                  <>
                    <Text size="sm" c="dimmed" className="foreign" maw="80ch">
                      {s.text}
                    </Text>
                    {s.command && (
                      <Group gap="xs" wrap="nowrap" align="start">
                        <code className="code foreign">{String(s.command)}</code>
                        <Copy value={String(s.command)} what="the command" />
                      </Group>
                    )}
                    {s.link && (
                      <Anchor component={Link} to={s.link.to} size="sm">
                        {s.link.label}
                      </Anchor>
                    )}
                  </>
                )}
              </Stack>
            </Group>
          </List.Item>
        ))}
      </List>
    </Section>
  );
}
