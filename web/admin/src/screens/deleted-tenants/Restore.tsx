import { TagsInput, Text, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, type Schema } from "../../api/client";
import { problemOf } from "../../api/problem";
import { FormModal } from "../../parts/FormModal";
import { done } from "../../parts/tell";
import { same } from "../../settings/patch";

/** What is wrong with hosts, the one or the other. */
const ofHosts = (faults: Record<string, string>) =>
  Object.entries(faults)
    .filter(([path]) => path.startsWith("hosts"))
    .map(([, message]) => message)
    .join("; ");

/** Brings a deleted tenant back. What another tenant has meanwhile can be exchanged. */
export function Restore({ tenant, close }: { tenant: Schema<"DeletedTenant">; close: () => void }) {
  const navigate = useNavigate();
  const [slug, setSlug] = useState(tenant.slug);
  const [hosts, setHosts] = useState(tenant.hosts);
  const [note, setNote] = useState("");
  const restore = api.useMutation("post", "/admin/v1/deleted-tenants/{id}/restore");
  const submit = async () => {
    const back = await restore.mutateAsync({
      params: { path: { id: tenant.id } },
      body: {
        ...(slug !== tenant.slug ? { slug } : {}),
        ...(same(hosts, tenant.hosts) ? {} : { hosts }),
        ...(note.trim() ? { note: note.trim() } : {}),
      },
    });
    done(`${back.name} is back.`);
    void navigate({ to: "/tenants/$slug", params: { slug: back.slug } });
  };
  return (
    <FormModal
      opened
      close={close}
      title={`Bring ${tenant.name} back`}
      action="Restore"
      size="lg"
      fields={(path) => path === "slug" || path.startsWith("hosts")}
      submit={submit}
    >
      {(faults, error) => (
        <>
          <Text size="sm">
            Its people, keys and settings come back as they were; if it was suspended, it still is. Its sessions stay
            ended: everybody signs in again. If another tenant has taken its slug or a host meanwhile, choose others
            here.
          </Text>
          <TextInput
            label="Slug"
            value={slug}
            error={faults.slug && (problemOf(error).status === 409 ? `${faults.slug}. Choose another.` : faults.slug)}
            maxLength={63}
            spellCheck={false}
            autoComplete="off"
            onChange={(e) => setSlug(e.currentTarget.value)}
            data-autofocus
          />
          <TagsInput
            label="Hosts"
            value={hosts}
            error={ofHosts(faults) && `${ofHosts(faults)}. Take it away, or choose another.`}
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
        </>
      )}
    </FormModal>
  );
}
