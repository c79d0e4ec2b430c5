// What can be done with keys: have another sign, bring one's own, take one away.

import { Button, List, NativeSelect, Radio, Stack, Text, Textarea, TextInput, VisuallyHidden } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import { api } from "../../api/client";
import { Confirm } from "../../parts/Confirm";
import { FormModal } from "../../parts/FormModal";
import { Notice } from "../../parts/Notice";
import { done } from "../../parts/tell";
import type { Key } from "./keys";

type When = "soon" | "now" | "later";

const leads = [
  { value: "3600", label: "1 hour" },
  { value: "86400", label: "1 day" },
  { value: "604800", label: "7 days" },
  { value: "2592000", label: "30 days" },
];

/** When a key begins to sign, as the API takes it. */
const body = (when: When, lead: string) =>
  when === "now" ? { now: true } : when === "later" ? { lead_seconds: Number(lead) } : {};

function WhenChoice(props: { when: When; set: (w: When) => void; lead: string; setLead: (l: string) => void }) {
  return (
    <Radio.Group label="It begins to sign" value={props.when} onChange={(v) => props.set(v as When)}>
      <Stack gap="xs" mt="xs">
        <Radio
          value="soon"
          label="In ten minutes"
          description="Longer than anybody may remember the key set: nobody meets a key that they do not know."
        />
        <Radio
          value="later"
          label="Later"
          description="For servers that read the key set seldom, or have to be told of it."
        />
        {props.when === "later" && (
          <NativeSelect
            aria-label="How much later"
            ml={28}
            maw={160}
            value={props.lead}
            data={leads}
            onChange={(e) => props.setLead(e.currentTarget.value)}
          />
        )}
        <Radio
          value="now"
          label="At once"
          description="For a key that has leaked. For five minutes, servers that check tokens may not know it, and refuse tokens that are good."
        />
      </Stack>
    </Radio.Group>
  );
}

export function Rotate({ slug }: { slug: string }) {
  const [opened, dialog] = useDisclosure(false);
  const [when, setWhen] = useState<When>("soon");
  const [lead, setLead] = useState("86400");
  const rotate = api.useMutation("post", "/admin/v1/tenants/{slug}/keys/rotate");
  const run = async () => {
    await rotate.mutateAsync({ params: { path: { slug } }, body: body(when, lead) });
    done(when === "now" ? "Another key signs." : "Another key is published, and signs later.");
  };
  return (
    <>
      <Button onClick={dialog.open}>Rotate</Button>
      <Confirm opened={opened} close={dialog.close} title="Have another key sign" action="Rotate" run={run}>
        <Stack gap="sm">
          <List size="sm" spacing={4}>
            <List.Item>
              Tokens that are out there stay good: the key before stays published until they have expired.
            </List.Item>
            <List.Item>Where a next key is published already, it is the one, and is brought forward.</List.Item>
          </List>
          <WhenChoice when={when} set={setWhen} lead={lead} setLead={setLead} />
        </Stack>
      </Confirm>
    </>
  );
}

export function ImportKey({ slug, algorithm }: { slug: string; algorithm: string }) {
  const [opened, dialog] = useDisclosure(false);
  const [key, setKey] = useState("");
  const [when, setWhen] = useState<When>("soon");
  const [lead, setLead] = useState("86400");
  const importing = api.useMutation("post", "/admin/v1/tenants/{slug}/keys");
  const close = () => {
    setKey("");
    importing.reset();
    dialog.close();
  };
  const submit = async () => {
    await importing.mutateAsync({ params: { path: { slug } }, body: { private_key: key, ...body(when, lead) } });
    done("The key is here, and sealed.");
  };
  const shared = algorithm === "HS256";
  return (
    <>
      <Button variant="default" onClick={dialog.open}>
        Import
      </Button>
      <FormModal
        opened={opened}
        close={close}
        title="Have a key of your own sign"
        action="Import"
        size="lg"
        fields={["private_key"]}
        disabled={key.trim() === ""}
        submit={submit}
      >
        {(faults) => (
          <>
            {shared ? (
              <TextInput
                label="Shared secret"
                description="For HS256, at least 32 characters. It is sealed, and never shown again."
                type="password"
                value={key}
                error={faults.private_key}
                onChange={(e) => setKey(e.currentTarget.value)}
                autoComplete="off"
                required
                data-autofocus
              />
            ) : (
              <Textarea
                label="Private key"
                description={`In PEM, for ${algorithm}. It is sealed, and never shown again.`}
                placeholder="-----BEGIN PRIVATE KEY-----"
                value={key}
                error={faults.private_key}
                onChange={(e) => setKey(e.currentTarget.value)}
                autosize
                minRows={5}
                maxRows={12}
                autoComplete="off"
                spellCheck={false}
                classNames={{ input: "code" }}
                required
                data-autofocus
              />
            )}
            <WhenChoice when={when} set={setWhen} lead={lead} setLead={setLead} />
            <Text size="sm">It is not rotated by schedule: whoever brings a key looks after it.</Text>
          </>
        )}
      </FormModal>
    </>
  );
}

export function Retire({ slug, of }: { slug: string; of: Key }) {
  const [opened, dialog] = useDisclosure(false);
  const retire = api.useMutation("post", "/admin/v1/tenants/{slug}/keys/{kid}/retire");
  const next = of.state === "next";
  const name = of.kid || "the shared secret";
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={dialog.open}>
        Retire<VisuallyHidden component="span"> {name}</VisuallyHidden>
      </Button>
      <Confirm
        opened={opened}
        close={dialog.close}
        title="Retire this key"
        action="Retire"
        danger
        typed={of.kid || "retire"}
        run={async () => {
          await retire.mutateAsync({ params: { path: { slug, kid: of.kid } } });
          done("The key is gone.");
        }}
      >
        {next ? (
          "It was to sign next, and will not. No token was signed with it."
        ) : (
          <Notice kind="danger" live>
            Every token that it signed stops working: here at once, elsewhere when the key set is read again. Apps that
            hold one have to sign in anew.
          </Notice>
        )}
      </Confirm>
    </>
  );
}
