import { Button, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { api } from "../../api/client";
import { Confirm } from "../../parts/Confirm";
import { Section } from "../../parts/Section";
import { done } from "../../parts/tell";
import type { Tenant } from "../../settings/draft";

/** Has a tenant refused, or served again. */
export function Suspend({ tenant }: { tenant: Tenant }) {
  const [asking, setAsking] = useState(false);
  // What was asked for: the tenant is another by the time that the dialog closes.
  const [act, setAct] = useState<"suspend" | "resume">("suspend");
  const [note, setNote] = useState("");
  const suspend = api.useMutation("post", "/admin/v1/tenants/{slug}/suspend");
  const resume = api.useMutation("post", "/admin/v1/tenants/{slug}/resume");
  const active = tenant.state === "active";
  const ask = () => {
    setAct(active ? "suspend" : "resume");
    setAsking(true);
  };
  const close = () => {
    setAsking(false);
    setNote("");
  };
  const run = async () => {
    const call = { params: { path: { slug: tenant.slug } }, body: note.trim() ? { note: note.trim() } : {} };
    await (act === "suspend" ? suspend : resume).mutateAsync(call);
    done(act === "suspend" ? `${tenant.name} is suspended.` : `${tenant.name} is served again.`);
  };
  return (
    <Section
      title={active ? "Suspend" : "Resume"}
      lead={
        active
          ? "Every request to the tenant is refused until it is resumed: nobody signs in, sessions and tokens stop working, its key set is gone from sight. Nothing is lost, and mail waits."
          : "The tenant is suspended: every request to it is refused. Once it is resumed, sessions that have not run out go on, and mail that waited is sent."
      }
      actions={
        <Button variant={active ? "outline" : "filled"} color={active ? "red" : undefined} onClick={ask}>
          {active ? "Suspend tenant" : "Resume tenant"}
        </Button>
      }
    >
      <Confirm
        opened={asking}
        close={close}
        title={act === "suspend" ? `Suspend ${tenant.name}` : `Resume ${tenant.name}`}
        action={act === "suspend" ? "Suspend" : "Resume"}
        danger={act === "suspend"}
        run={run}
      >
        <Text size="sm" mb="md">
          {act === "suspend"
            ? "Its people are turned away within a second or two, on all servers. You can resume it at any time."
            : "Its people are let in again within a second or two."}
        </Text>
        <TextInput
          label="Why"
          description="Kept with the version, for whoever asks later."
          value={note}
          maxLength={500}
          onChange={(e) => setNote(e.currentTarget.value)}
        />
      </Confirm>
    </Section>
  );
}
