import { Button, Group, Modal, Stack, TagsInput, Text, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, type Schema } from "../../api/client";
import { faultsOf, problemOf } from "../../api/problem";
import { Failure } from "../../parts/Failure";
import { done } from "../../parts/tell";
import { same } from "../../settings/patch";

/** Brings a deleted tenant back. What another tenant has meanwhile can be exchanged. */
export function Restore({ tenant, close }: { tenant: Schema<"DeletedTenant">; close: () => void }) {
  const navigate = useNavigate();
  const [slug, setSlug] = useState(tenant.slug);
  const [hosts, setHosts] = useState(tenant.hosts);
  const [note, setNote] = useState("");
  const restore = api.useMutation("post", "/admin/v1/deleted-tenants/{id}/restore");
  const faults = faultsOf(restore.error);
  const ofHosts = Object.entries(faults)
    .filter(([path]) => path.startsWith("hosts"))
    .map(([, message]) => message)
    .join("; ");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    restore.mutate(
      {
        params: { path: { id: tenant.id } },
        body: {
          ...(slug !== tenant.slug ? { slug } : {}),
          ...(same(hosts, tenant.hosts) ? {} : { hosts }),
          ...(note.trim() ? { note: note.trim() } : {}),
        },
      },
      {
        onSuccess: (back) => {
          done(`${back.name} is back.`);
          void navigate({ to: "/tenants/$slug", params: { slug: back.slug } });
        },
      },
    );
  };
  const told = faults.slug !== undefined || ofHosts !== "";
  return (
    <Modal opened onClose={close} title={`Bring ${tenant.name} back`} size="lg">
      <form onSubmit={submit} noValidate>
        <Stack>
          <Text size="sm">
            Its people, keys and settings come back as they were; if it was suspended, it still is. Its sessions stay
            ended: everybody signs in again. If another tenant has taken its slug or a host meanwhile, choose others
            here.
          </Text>
          <TextInput
            label="Slug"
            value={slug}
            error={
              faults.slug && (problemOf(restore.error).status === 409 ? `${faults.slug}. Choose another.` : faults.slug)
            }
            maxLength={63}
            spellCheck={false}
            autoComplete="off"
            onChange={(e) => setSlug(e.currentTarget.value)}
            data-autofocus
          />
          <TagsInput
            label="Hosts"
            value={hosts}
            error={ofHosts && `${ofHosts}. Take it away, or choose another.`}
            acceptValueOnBlur
            splitChars={[",", " "]}
            onChange={setHosts}
          />
          <TextInput
            label="Why"
            description="Kept with the version. You may leave it empty."
            maxLength={500}
            value={note}
            onChange={(e) => setNote(e.currentTarget.value)}
          />
          {restore.error && !told ? <Failure error={restore.error} /> : null}
          <Group justify="end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={restore.isPending}>
              Restore
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
