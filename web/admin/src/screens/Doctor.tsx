import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconStethoscope } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { admin, api, type Schema } from "../api/client";
import { useAddress } from "../parts/address";
import { Empty } from "../parts/Empty";
import { Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { Section } from "../parts/Section";
import { sh } from "../parts/sh";
import { count, number } from "../parts/words";
import { useTenant } from "../settings/draft";
import { Findings } from "./doctor/Findings";
import { Probe } from "./doctor/Probe";
import { Seen } from "./doctor/Seen";

/** What is wrong with a public URL: what the server makes of requests there, and which setting mends it. */
export default function Doctor() {
  const { slug } = useParams({ strict: false });
  return slug === undefined ? <Clinic /> : <OfTenant slug={slug} />;
}

function OfTenant({ slug }: { slug: string }) {
  const tenant = useTenant(slug);
  return <Clinic slug={slug} own={tenant.data?.public_url} />;
}

interface Asked {
  url: string;
  origin: string;
  probe?: string;
}

/** Asks for a diagnosis. A probe is of this visit, and in no address. */
function useDiagnosis(slug: string | undefined, asked: Asked | undefined) {
  const query = asked && {
    url: asked.url,
    ...(asked.origin ? { origin: asked.origin } : {}),
    ...(asked.probe ? { probe: asked.probe } : {}),
  };
  const ofTenant = api.useQuery(
    "get",
    "/admin/v1/tenants/{slug}/doctor",
    { params: { path: { slug: slug ?? "" }, query } },
    { enabled: asked !== undefined && slug !== undefined, staleTime: 0, refetchOnWindowFocus: false },
  );
  const ofPlatform = api.useQuery(
    "get",
    "/admin/v1/doctor",
    { params: { query } },
    { enabled: asked !== undefined && slug === undefined, staleTime: 0, refetchOnWindowFocus: false },
  );
  return slug === undefined ? ofPlatform : ofTenant;
}

function Clinic({ slug, own }: { slug?: string; own?: string }) {
  const [search, set] = useAddress();
  const address = search.url ?? own;
  const asked = search.origin ?? "";
  const [typed, setTyped] = useState<{ url?: string; origin?: string }>({});
  const [probe, setProbe] = useState<string>();
  const url = typed.url ?? address ?? "";
  const origin = typed.origin ?? asked;
  const query = useDiagnosis(slug, address ? { url: address, origin: asked, probe } : undefined);
  const examine = (event: FormEvent) => {
    event.preventDefault();
    setProbe(undefined);
    setTyped({});
    if (url.trim() === address && origin.trim() === asked) {
      void query.refetch();
    } else {
      set({ url: url.trim() === own ? "" : url.trim(), origin: origin.trim() }, false);
    }
  };
  const line = sh`admin doctor ${address ?? "https://login.example.org"} ${[
    slug ? sh`--tenant ${slug}` : undefined,
    asked ? sh`--origin ${asked}` : undefined,
  ]}`;
  return (
    <Page
      title="Connection doctor"
      tab={slug ? `Connection doctor · ${slug}` : undefined}
      lead="Behind proxies, on several hosts and with front ends elsewhere, much can be almost right. Say at which address people reach this server, and see what comes of it and which setting mends what is wrong."
      commands={[line]}
    >
      <form onSubmit={examine}>
        <Group align="end">
          <TextInput
            label="Public URL"
            description="As browsers and apps reach it."
            type="url"
            required
            withAsterisk={false}
            placeholder="https://login.example.org"
            value={url}
            onChange={(e) => setTyped({ ...typed, url: e.currentTarget.value })}
            flex="2 1 18rem"
          />
          <TextInput
            label="Front end, if it is elsewhere"
            description="The origin of pages that are to use it."
            type="url"
            placeholder="https://app.example.org"
            value={origin}
            onChange={(e) => setTyped({ ...typed, origin: e.currentTarget.value })}
            flex="1 1 16rem"
          />
          <Button type="submit" leftSection={<IconStethoscope size={16} />} loading={query.isFetching}>
            Examine
          </Button>
        </Group>
      </form>
      {address === undefined ? (
        <Empty title="Nothing was examined yet">
          Type the address at which people reach a tenant. The server looks at how it would understand requests there;
          nothing is sent anywhere.
        </Empty>
      ) : (
        <Loaded query={query} lines={8}>
          {(found) => (
            <Stack gap="lg">
              <Findings found={found} slug={slug} />
              <Probe
                key={`${address} ${asked}`}
                url={address}
                slug={slug}
                origin={asked}
                arrived={found.seen !== null}
                command={line}
                issue={issue}
                look={setProbe}
                looking={query.isFetching}
                looked={probe}
              />
              {found.seen && <Seen seen={found.seen} />}
              <Section
                title="Recent requests"
                lead="The addresses that the last requests to this server came from, as it understands them."
              >
                <Clients clients={found.clients} />
              </Section>
            </Stack>
          )}
        </Loaded>
      )}
    </Page>
  );
}

/** A request that the server tells from others. It is no mutation: nothing that is shown changes by it. */
async function issue(): Promise<Schema<"ProbeRequest">> {
  const { data, error } = await admin.POST("/admin/v1/doctor/probes");
  if (!data) {
    throw error;
  }
  return data;
}

function Clients({ clients }: { clients: Schema<"Diagnosis">["clients"] }) {
  if (clients.requests === 0) {
    return <Text size="sm">There were no requests yet.</Text>;
  }
  return (
    <Text size="sm" className="foreign">
      Of the last {count(clients.requests, "request")}, from {count(clients.distinct, "address", "addresses")},{" "}
      {number(clients.from_most)} came from <code className="code">{clients.most}</code>
      {clients.forwarded > 0 && (
        <>
          ; {number(clients.forwarded)} of those say that they came through a proxy which this server does not believe
        </>
      )}
      .
    </Text>
  );
}
