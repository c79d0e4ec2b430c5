import { Anchor, Button, Checkbox, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { admin, api } from "../../api/client";
import { Confirm } from "../../parts/Confirm";
import { Section } from "../../parts/Section";
import { done } from "../../parts/tell";
import { useAct } from "../../parts/useAct";
import { duration } from "../../parts/words";
import { useMay } from "../../session/me";
import type { Tenant } from "../../settings/draft";

/** For when a signing key may be in somebody else's hands: another one signs at once, and what the old one signed is worth nothing. */
export function LostKey({ tenant }: { tenant: Tenant }) {
  const mayRetire = useMay()("keys.retire");
  const { act } = useAct();
  const [asking, setAsking] = useState(false);
  const [retire, setRetire] = useState(mayRetire);
  // The key that is lost, whichever signs by now: trying again must not take its successor for it.
  const [lost, setLost] = useState("");
  const path = { slug: tenant.slug };
  const keys = api.useQuery("get", "/admin/v1/tenants/{slug}/keys", { params: { path } });
  const active = keys.data?.items.find((k) => k.state === "active");
  const age = active ? (Date.now() - new Date(active.created_at).getTime()) / 1000 : 0;
  const ask = () => {
    setLost(active?.kid ?? "");
    setAsking(true);
  };
  const run = async () => {
    if (active?.kid === lost) {
      await act(() => admin.POST("/admin/v1/tenants/{slug}/keys/rotate", { params: { path }, body: { now: true } }));
    }
    if (retire) {
      const old = { ...path, kid: lost };
      await act(() => admin.POST("/admin/v1/tenants/{slug}/keys/{kid}/retire", { params: { path: old } }));
    }
    done(retire ? "Another key signs, and the old one is worth nothing." : "Another key signs.");
  };
  return (
    <Section
      title="Treat the signing key as lost"
      lead={
        <>
          For when somebody may have got hold of the key that signs tokens. Where nothing is wrong, rotate it in{" "}
          <Anchor component={Link} to={`/tenants/${tenant.slug}/sessions`} size="sm" underline="always">
            Sessions and tokens
          </Anchor>{" "}
          instead: that disturbs nobody.
        </>
      }
      actions={
        <Button variant="outline" color="red" disabled={!active} onClick={ask}>
          Replace the key now
        </Button>
      }
    >
      <Text size="sm" c="dimmed" mih={22}>
        {active ? (
          <>
            Now signing: <span className="code">{active.kid || "a shared secret"}</span> ({active.algorithm}), for{" "}
            {duration(Math.max(0, age))}.
          </>
        ) : keys.data ? (
          "No key signs here: the tenant hands out no tokens, or has not yet."
        ) : null}
      </Text>
      <Confirm
        opened={asking}
        close={() => setAsking(false)}
        title="Replace the signing key now"
        action="Replace it"
        danger
        typed={tenant.slug}
        run={run}
      >
        <Stack gap="sm">
          <Text size="sm">
            A new key signs at once. Servers that check tokens by themselves may turn people away for up to five
            minutes, until they have read the key set again.
          </Text>
          {mayRetire && (
            <Checkbox
              label="Make the old key worthless at once"
              description="Tokens that it signed are refused from now on. Apps get new ones with their refresh tokens or sessions."
              checked={retire}
              onChange={(e) => setRetire(e.currentTarget.checked)}
            />
          )}
        </Stack>
      </Confirm>
    </Section>
  );
}
