// Making a tenant: who it is, where it is, what it begins with; and what it will be, beside all of that.
import { Alert, Box, Button, Grid, Group, Stack, TagsInput, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useRef, useState } from "react";
import { api } from "../api/client";
import { problemOf } from "../api/problem";
import { Empty } from "../parts/Empty";
import { Failure } from "../parts/Failure";
import { hostOf } from "../parts/host";
import { Page } from "../parts/Page";
import { Section } from "../parts/Section";
import { sh } from "../parts/sh";
import { done } from "../parts/tell";
import { useMay } from "../session/me";
import { bodyOf, commandOf, fieldOf, hostsWrong, type Plan, slugOf, slugPattern, urlWrong } from "./new-tenant/plan";
import { Review } from "./new-tenant/Review";
import { Start } from "./new-tenant/Start";

type Faults = Partial<Record<ReturnType<typeof fieldOf>, string>>;

export default function NewTenant() {
  const may = useMay();
  const above = [{ label: "Tenants", to: "/tenants" }];
  if (!may("tenants.create")) {
    return (
      <Page title="New tenant" above={above}>
        <Empty title="Your role makes no tenants">Administrators and owners of the platform do. Ask one of them.</Empty>
      </Page>
    );
  }
  return <Form above={above} />;
}

function Form({ above }: { above: { label: string; to: string }[] }) {
  const { template = "" } = useSearch({ strict: false }) as { template?: string };
  const navigate = useNavigate();
  const form = useRef<HTMLFormElement>(null);
  const [ownSlug, setOwnSlug] = useState(false);
  const [faults, setFaults] = useState<Faults>({});
  const [plan, setPlan] = useState<Plan>({
    name: "",
    slug: "",
    hosts: [],
    publicURL: "",
    start: template ? "template" : "blank",
    template,
    templateSecrets: false,
    note: "",
  });
  const change = (to: Partial<Plan>) => {
    setPlan((old) => ({ ...old, ...to }));
    const gone = { ...faults };
    for (const field of Object.keys(to)) {
      delete gone[(field === "start" ? "template" : field) as keyof Faults];
    }
    setFaults(gone);
  };
  // A host counts as soon as it is typed: were it to count when the field is left, the button would move away under the click on it.
  const [host, setHost] = useState("");
  const last = hostOf(host);
  const all = last && !plan.hosts.includes(last) ? { ...plan, hosts: [...plan.hosts, last] } : plan;
  const taken = useTaken(plan.slug);
  const create = api.useMutation("post", "/admin/v1/tenants");

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wrong = wrongWith(all, taken);
    if (Object.keys(wrong).length > 0) {
      tell(wrong);
      return;
    }
    setFaults({});
    create.mutate(
      { body: bodyOf(all) },
      {
        onSuccess: (made) => {
          done(`${made.name} is created. Its people can sign in within two seconds.`);
          void navigate({ to: "/tenants/$slug", params: { slug: made.slug } });
        },
        onError: (refused) => {
          const told: Faults = {};
          for (const { path, message } of problemOf(refused).errors ?? []) {
            const field = fieldOf(path);
            if (field) {
              told[field] = [told[field], message].filter(Boolean).join("; ");
            }
          }
          tell(told);
        },
      },
    );
  };
  /** Shows faults beside their fields, and goes to the first. */
  const tell = (wrong: Faults) => {
    setFaults(wrong);
    const first = (["name", "slug", "hosts", "publicURL", "template"] as const).find((f) => wrong[f]);
    const input = first && form.current?.querySelector<HTMLElement>(`[data-field="${first}"] input`);
    input?.focus();
  };
  // What is told beside a field needs no telling at the foot.
  const elsewhere =
    create.error && !(problemOf(create.error).errors ?? []).every((f) => fieldOf(f.path) !== "")
      ? create.error
      : undefined;
  const unsorted = create.error && !problemOf(create.error).errors?.length ? create.error : undefined;

  return (
    <Page
      title="New tenant"
      above={above}
      lead="A tenant is an app, a brand or a customer, with people of its own. It takes a name, a host and a starting point."
      commands={[commandOf(all), sh`admin tenant apply -f tenant.yaml`]}
    >
      <form ref={form} onSubmit={submit} noValidate>
        <Grid gap="lg">
          <Grid.Col span={{ base: 12, lg: 7.5 }}>
            <Stack gap="lg">
              <Section title="1. Who it is">
                <Box data-field="name">
                  <TextInput
                    label="Name"
                    description="What its people see, as in the subject of a mail."
                    withAsterisk
                    maxLength={200}
                    value={plan.name}
                    error={faults.name}
                    onChange={(e) => {
                      const name = e.currentTarget.value;
                      change(ownSlug ? { name } : { name, slug: slugOf(name) });
                    }}
                  />
                </Box>
                <Box data-field="slug">
                  <TextInput
                    label="Slug"
                    description="What operators, commands and the tenant header call it. It cannot be changed later."
                    withAsterisk
                    maxLength={63}
                    value={plan.slug}
                    error={faults.slug ?? slugWrong(plan.slug, taken)}
                    spellCheck={false}
                    autoComplete="off"
                    classNames={{ input: "code" }}
                    onChange={(e) => {
                      setOwnSlug(e.currentTarget.value !== "");
                      change({ slug: e.currentTarget.value.toLowerCase() });
                    }}
                  />
                </Box>
              </Section>
              <Section title="2. Where it is">
                <Box data-field="hosts">
                  <TagsInput
                    label="Hosts"
                    description="Where its people and apps reach it, the public one first. Each belongs to one tenant, and leads to this server by DNS."
                    placeholder={plan.hosts.length === 0 ? "auth.example.org, then Enter" : undefined}
                    value={plan.hosts}
                    searchValue={host}
                    onSearchChange={setHost}
                    error={faults.hosts}
                    maxTags={50}
                    acceptValueOnBlur
                    splitChars={[",", " "]}
                    onChange={(hosts) => change({ hosts: [...new Set(hosts.map(hostOf).filter(Boolean))] })}
                  />
                </Box>
                <Box data-field="publicURL">
                  <TextInput
                    label="Public URL"
                    description={
                      all.hosts.length > 0
                        ? "What every link in a mail begins with. Leave it empty unless that is another address."
                        : "Needed without a host: the address that links begin with. The tenant is then named by a header."
                    }
                    placeholder={all.hosts[0] ? `https://${all.hosts[0]}` : "https://id.example.org"}
                    type="url"
                    value={plan.publicURL}
                    error={faults.publicURL}
                    spellCheck={false}
                    autoComplete="off"
                    onChange={(e) => change({ publicURL: e.currentTarget.value })}
                  />
                </Box>
              </Section>
              <Section title="3. Where it starts from">
                <Box data-field="template">
                  <Start plan={plan} change={change} fault={faults.template} />
                </Box>
              </Section>
            </Stack>
          </Grid.Col>
          <Grid.Col span={{ base: 12, lg: 4.5 }}>
            <Box pos="sticky" top={76}>
              <Section title="4. What it will be">
                <Review plan={all} />
                <TextInput
                  label="Why"
                  description="Kept with its first version. You may leave it empty."
                  maxLength={500}
                  value={plan.note}
                  error={faults.note}
                  onChange={(e) => change({ note: e.currentTarget.value })}
                />
                {(elsewhere ?? unsorted) !== undefined && (elsewhere ?? unsorted) !== null && (
                  <Failure error={elsewhere ?? unsorted} />
                )}
                {Object.keys(faults).length > 0 && !elsewhere && (
                  <Alert color="red" variant="outline" role="alert">
                    <Text size="sm">Something is not right yet. It is said beside the field.</Text>
                  </Alert>
                )}
                <Group justify="end">
                  <Button type="submit" loading={create.isPending}>
                    Create tenant
                  </Button>
                </Group>
              </Section>
            </Box>
          </Grid.Col>
        </Grid>
      </form>
    </Page>
  );
}

/** Whether another tenant has the slug already. It comes first of those that begin with it. */
function useTaken(slug: string): boolean {
  const [q] = useDebouncedValue(slug, 250);
  const found = api.useQuery(
    "get",
    "/admin/v1/tenants",
    { params: { query: { q, limit: 1 } } },
    { enabled: slugPattern.test(q) },
  );
  return q === slug && found.data?.items[0]?.slug === slug;
}

function slugWrong(slug: string, taken: boolean): string | undefined {
  if (slug !== "" && !slugPattern.test(slug)) {
    return "Lower-case letters a to z, digits and dashes, with no dash at either end.";
  }
  return taken ? "Another tenant has this slug." : undefined;
}

/** What can be said without asking the server. */
function wrongWith(plan: Plan, taken: boolean): Faults {
  const wrong: Faults = {};
  if (plan.name.trim() === "") {
    wrong.name = "Give it a name.";
  }
  const slug = plan.slug === "" ? "Give it a slug." : slugWrong(plan.slug, taken);
  if (slug) {
    wrong.slug = slug;
  }
  if (plan.hosts.length === 0 && plan.publicURL.trim() === "") {
    wrong.hosts = "Give it a host, or a public URL below.";
  }
  const hosts = hostsWrong(plan.hosts);
  if (hosts) {
    wrong.hosts = hosts;
  }
  const url = urlWrong(plan.publicURL);
  if (url) {
    wrong.publicURL = url;
  }
  if (plan.start === "template" && plan.template === "") {
    wrong.template = "Choose the tenant to copy from.";
  }
  return wrong;
}
