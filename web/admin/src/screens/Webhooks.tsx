import { Anchor, Badge, Button, Group, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api } from "../api/client";
import { Empty } from "../parts/Empty";
import { FormModal } from "../parts/FormModal";
import { Loaded } from "../parts/Loaded";
import { May } from "../parts/May";
import { Once } from "../parts/Once";
import { Page } from "../parts/Page";
import { type Column, Rows } from "../parts/Rows";
import { sh } from "../parts/sh";
import { Time } from "../parts/Time";
import { Fields, type Said } from "./webhooks/Fields";
import { HookState, type Webhook } from "./webhooks/state";

/** The servers of a tenant's own that are told of what happens. */
export default function Webhooks() {
  const { slug = "" } = useParams({ strict: false });
  const [adding, add] = useDisclosure(false);
  const query = api.useQuery("get", "/admin/v1/tenants/{slug}/webhooks", { params: { path: { slug } } });
  const columns: Column<Webhook>[] = [
    {
      label: "Address",
      cell: (h) => (
        <Stack gap={2} align="start">
          <Anchor component={Link} to={`/tenants/${slug}/webhooks/${h.id}`} className="foreign" ta="start">
            {h.url}
          </Anchor>
          {h.description && (
            <Text size="sm" c="dimmed" className="foreign">
              {h.description}
            </Text>
          )}
        </Stack>
      ),
    },
    {
      label: "Events",
      cell: (h) => (
        <Group gap={4} justify="inherit">
          {h.events.slice(0, 4).map((e) => (
            <Badge key={e} color="gray" miw="max-content" className="code">
              {e}
            </Badge>
          ))}
          {h.events.length > 4 && <Text size="sm">and {h.events.length - 4} more</Text>}
        </Group>
      ),
    },
    { label: "State", cell: (h) => <HookState hook={h} /> },
    { label: "Made", cell: (h) => <Time at={h.created_at} /> },
  ];
  const button = (
    <May permission="webhooks.change">
      <Button leftSection={<IconPlus size={16} />} onClick={add.open}>
        Add webhook
      </Button>
    </May>
  );
  return (
    <Page
      title="Webhooks"
      tab={`Webhooks · ${slug}`}
      lead="A webhook has a server of your own told of what happens, within a second or so: that somebody signed up, changed an address, lost a second factor."
      commands={[
        sh`admin webhook list --tenant ${slug}`,
        sh`admin webhook create --tenant ${slug} --at https://example.org/hooks --event 'user.*'`,
      ]}
      actions={button}
    >
      <Loaded query={query}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty title="No webhooks yet">
              Give the address of a server of yours, and which events it is to be told of. What arrives is signed, so
              that it can tell that it comes from here, and is sent again if the server is down.
            </Empty>
          ) : (
            <Rows label="Webhooks" columns={columns} rows={data.items} id={(h) => h.id} />
          )
        }
      </Loaded>
      <New slug={slug} opened={adding} close={add.close} />
    </Page>
  );
}

const nothing: Said = { url: "", events: [], description: "" };

function New({ slug, opened, close }: { slug: string; opened: boolean; close: () => void }) {
  const navigate = useNavigate();
  const [said, setSaid] = useState(nothing);
  const [made, setMade] = useState<{ id: string; secret: string }>();
  const create = api.useMutation("post", "/admin/v1/tenants/{slug}/webhooks");
  const shut = () => {
    setSaid(nothing);
    create.reset();
    close();
  };
  const submit = async () => {
    const hook = await create.mutateAsync({ params: { path: { slug } }, body: { ...said, enabled: true } });
    setMade({ id: hook.id, secret: hook.secret ?? "" });
  };
  return (
    <>
      <FormModal
        opened={opened}
        close={shut}
        title="Add a webhook"
        action="Add"
        size="lg"
        fields={(path) => /^(url|description|events(\[\d+\])?)$/.test(path)}
        disabled={said.events.length === 0}
        submit={submit}
      >
        {(faults) => <Fields value={said} change={setSaid} faults={faults} />}
      </FormModal>
      <Once
        secret={made?.secret}
        title="The webhook's secret"
        what="the secret"
        close={() => {
          const id = made?.id;
          setMade(undefined);
          void navigate({ to: `/tenants/${slug}/webhooks/${id}` });
        }}
      >
        <Text size="sm">
          What is sent is signed with it, as Standard Webhooks has it: the receiver compares, and refuses what does not
          match.
        </Text>
      </Once>
    </>
  );
}
