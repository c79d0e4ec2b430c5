import { Button, Group, PasswordInput, Stack } from "@mantine/core";
import { useState } from "react";
import { admin } from "../../api/client";
import { FormModal } from "../../parts/FormModal";
import { May } from "../../parts/May";
import { Notice } from "../../parts/Notice";
import { Section } from "../../parts/Section";
import { useAct } from "../../parts/useAct";
import { useAsk } from "../../parts/useAsk";
import { at, type OfUser } from "./of";

/** Whether somebody was never in, and a link that is sent is an invitation. */
export const newcomer = ({ user }: OfUser): boolean => !user.has_password && !user.last_login_at;

/** Asks, then mails a link that sets a password. */
export function useSendLink(of: OfUser) {
  const { act } = useAct();
  const [dialog, ask] = useAsk();
  const to = of.user.email;
  const send = () =>
    ask({
      title: newcomer(of) ? "Send the invitation again?" : "Send a link for a new password?",
      text: `${to} gets a mail with a link that sets a password. The link works once; the password of now stays until then.`,
      action: "Send",
      run: () =>
        act(
          () => admin.POST("/admin/v1/tenants/{slug}/users/{id}/send-link", { params: at(of) }),
          `A link is on its way to ${to}.`,
        ),
    });
  return { dialog, send };
}

export function Password({ slug, user }: OfUser) {
  const { act } = useAct();
  const [opened, setOpened] = useState(false);
  const [password, setPassword] = useState("");
  const link = useSendLink({ slug, user });
  const close = () => {
    setOpened(false);
    setPassword("");
  };
  return (
    <Section
      title="Password"
      lead={`${user.has_password ? "The user has one, which nobody can see." : "The user has none."} A link by mail is better than a password that two people know.`}
      actions={
        <May permission="users.secure">
          <Group gap="xs">
            {user.email && (
              <Button variant="default" onClick={link.send}>
                {newcomer({ slug, user }) ? "Send the invitation again" : "Send a reset link"}
              </Button>
            )}
            <Button variant="default" onClick={() => setOpened(true)}>
              Set a password
            </Button>
          </Group>
        </May>
      }
    >
      {link.dialog}
      <FormModal
        opened={opened}
        close={close}
        title="Set a password"
        action="Set the password"
        fields={["password"]}
        disabled={!password}
        submit={() =>
          act(
            () =>
              admin.PUT("/admin/v1/tenants/{slug}/users/{id}/password", {
                params: at({ slug, user }),
                body: { password },
              }),
            user.has_password ? "The password is set, and every session has ended." : "The password is set.",
          )
        }
      >
        {(faults) => (
          <Stack gap="sm">
            <Notice kind="warning">
              {user.has_password
                ? "Every session of the user ends, and links that were sent stop working."
                : "Links that were sent stop working, and every session ends if the user has any."}
            </Notice>
            <PasswordInput
              label="New password"
              autoComplete="new-password"
              value={password}
              onChange={(e) => setPassword(e.currentTarget.value)}
              error={faults.password}
              data-autofocus
            />
          </Stack>
        )}
      </FormModal>
    </Section>
  );
}
