import { Button, Checkbox, Group, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { admin } from "../../api/client";
import { FormModal } from "../../parts/FormModal";
import { May } from "../../parts/May";
import { Section } from "../../parts/Section";
import { useAct } from "../../parts/useAct";
import { useAsk } from "../../parts/useAsk";
import { Verified } from "../users/Called";
import { at, type OfUser } from "./of";

export function Phone({ slug, user }: OfUser) {
  const params = at({ slug, user });
  const { act, tell } = useAct();
  const [dialog, ask] = useAsk();
  const remove = () =>
    ask({
      title: `Remove ${user.phone}?`,
      text: "The user cannot sign in or be reached with it any more, and another user may take it.",
      action: "Remove",
      danger: true,
      run: () =>
        act(() => admin.DELETE("/admin/v1/tenants/{slug}/users/{id}/phone", { params }), "The number is removed."),
    });
  const verify = () =>
    tell(
      () => admin.POST("/admin/v1/tenants/{slug}/users/{id}/phone/verify", { params }),
      `${user.phone} is verified.`,
    );
  const unverify = () =>
    ask({
      title: `Have ${user.phone} be proved anew?`,
      text: "The number counts as not proved until the user types a code that is sent to it.",
      action: "Take the proof back",
      run: () =>
        act(
          () => admin.POST("/admin/v1/tenants/{slug}/users/{id}/phone/unverify", { params }),
          `${user.phone} is not verified any more.`,
        ),
    });
  return (
    <Section
      title="Phone number"
      actions={
        <May permission="users.change">
          <Choose slug={slug} user={user} />
        </May>
      }
    >
      {user.phone ? (
        <Group justify="space-between">
          <Group gap="xs">
            <Text size="sm">{user.phone}</Text>
            <Verified yes={user.phone_verified} />
          </Group>
          <May permission="users.change">
            <Group gap="xs">
              <Button variant="default" size="xs" onClick={user.phone_verified ? unverify : verify}>
                {user.phone_verified ? "Take the proof back" : "Mark as verified"}
              </Button>
              <Button variant="default" size="xs" onClick={remove}>
                Remove
              </Button>
            </Group>
          </May>
        </Group>
      ) : (
        <Text size="sm" c="dimmed">
          None.
        </Text>
      )}
      {dialog}
    </Section>
  );
}

function Choose({ slug, user }: OfUser) {
  const { act } = useAct();
  const [opened, setOpened] = useState(false);
  const [phone, setPhone] = useState("");
  const [verified, setVerified] = useState(false);
  const close = () => {
    setOpened(false);
    setPhone("");
    setVerified(false);
  };
  return (
    <>
      <Button variant="default" onClick={() => setOpened(true)}>
        {user.phone ? "Change the number" : "Add a number"}
      </Button>
      <FormModal
        opened={opened}
        close={close}
        title={user.phone ? "Change the number" : "Add a number"}
        action="Save"
        fields={["phone", "verified"]}
        disabled={!phone.trim()}
        submit={() =>
          act(
            () =>
              admin.PUT("/admin/v1/tenants/{slug}/users/{id}/phone", {
                params: at({ slug, user }),
                body: { phone: phone.trim(), verified },
              }),
            "The number is saved.",
          )
        }
      >
        {(faults) => (
          <Stack gap="sm">
            <TextInput
              label="Phone number"
              description="In international form, such as +31612345678."
              type="tel"
              autoComplete="off"
              value={phone}
              onChange={(e) => setPhone(e.currentTarget.value)}
              error={faults.phone}
              data-autofocus
            />
            <Checkbox
              label="It is verified: it needs no proof by a code"
              checked={verified}
              onChange={(e) => setVerified(e.currentTarget.checked)}
              error={faults.verified}
            />
          </Stack>
        )}
      </FormModal>
    </>
  );
}
