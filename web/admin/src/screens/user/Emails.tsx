import { Badge, Button, Checkbox, Group, Menu, Stack, Text, TextInput } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useState } from "react";
import { admin, type Schema } from "../../api/client";
import { FormModal } from "../../parts/FormModal";
import { May } from "../../parts/May";
import { type Column, Rows } from "../../parts/Rows";
import { Section } from "../../parts/Section";
import { Time } from "../../parts/Time";
import { useAct } from "../../parts/useAct";
import { useAsk } from "../../parts/useAsk";
import { useMay } from "../../session/me";
import { Verified } from "../users/Called";
import { at, type OfUser } from "./of";

type Email = Schema<"UserEmail">;

export function Emails({ slug, user }: OfUser) {
  const params = at({ slug, user });
  const { act, tell } = useAct();
  const [dialog, ask] = useAsk();
  const may = useMay();
  const acts = (e: Email) => {
    const body = { email: e.email };
    return {
      verify: () =>
        tell(
          () => admin.POST("/admin/v1/tenants/{slug}/users/{id}/emails/verify", { params, body }),
          `${e.email} is verified.`,
        ),
      unverify: () =>
        ask({
          title: `Have ${e.email} be proved anew?`,
          text: "The address counts as not proved from now on. Where the tenant asks for verified addresses, the next sign-in mails a link or a code first.",
          action: "Take the proof back",
          run: () =>
            act(
              () => admin.POST("/admin/v1/tenants/{slug}/users/{id}/emails/unverify", { params, body }),
              `${e.email} is not verified any more.`,
            ),
        }),
      primary: () =>
        tell(
          () => admin.POST("/admin/v1/tenants/{slug}/users/{id}/emails/primary", { params, body }),
          `${e.email} is the primary address.`,
        ),
      remove: () =>
        ask({
          title: `Remove ${e.email}?`,
          text: "The user cannot sign in or be reached with it any more, and another user may take it.",
          action: "Remove",
          danger: true,
          run: () =>
            act(
              () => admin.POST("/admin/v1/tenants/{slug}/users/{id}/emails/remove", { params, body }),
              `${e.email} is removed.`,
            ),
        }),
    };
  };
  const columns: Column<Email>[] = [
    { label: "Address", cell: (e) => <span className="foreign">{e.email}</span> },
    {
      label: "State",
      cell: (e) => (
        <Group gap={4} justify="inherit">
          <Verified yes={e.verified} />
          {e.primary && <Badge color="gray">Primary</Badge>}
        </Group>
      ),
    },
    { label: "Since", cell: (e) => <Time at={e.created_at} /> },
  ];
  if (may("users.change")) {
    columns.push({ label: "Actions", quiet: true, cell: (e) => <Actions email={e} {...acts(e)} /> });
  }
  return (
    <Section
      title="Email addresses"
      lead="The primary one is where mail goes. A verified one was proved to be the user's, or counts as that."
      actions={
        <May permission="users.change">
          <Add slug={slug} user={user} />
        </May>
      }
    >
      {user.emails.length === 0 ? (
        <Text size="sm" c="dimmed">
          None. The user cannot be mailed, and cannot reset a password.
        </Text>
      ) : (
        <Rows label="Email addresses" rows={user.emails} id={(e) => e.email} columns={columns} />
      )}
      {dialog}
    </Section>
  );
}

function Actions(props: {
  email: Email;
  verify: () => void;
  unverify: () => void;
  primary: () => void;
  remove: () => void;
}) {
  const { email } = props;
  return (
    <Menu position="bottom-end" shadow="md" withinPortal>
      <Menu.Target>
        <Button
          variant="default"
          size="xs"
          rightSection={<IconChevronDown size={14} />}
          aria-label={`Change ${email.email}`}
        >
          Change
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {!email.primary && <Menu.Item onClick={props.primary}>Make primary</Menu.Item>}
        {email.verified ? (
          <Menu.Item onClick={props.unverify}>Take the proof back</Menu.Item>
        ) : (
          <Menu.Item onClick={props.verify}>Mark as verified</Menu.Item>
        )}
        <Menu.Item c="var(--mantine-color-error)" onClick={props.remove}>
          Remove
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function Add({ slug, user }: OfUser) {
  const { act } = useAct();
  const [opened, setOpened] = useState(false);
  const [email, setEmail] = useState("");
  const [verified, setVerified] = useState(false);
  const close = () => {
    setOpened(false);
    setEmail("");
    setVerified(false);
  };
  return (
    <>
      <Button variant="default" onClick={() => setOpened(true)}>
        Add an address
      </Button>
      <FormModal
        opened={opened}
        close={close}
        title="Add an address"
        action="Add"
        fields={["email", "verified"]}
        disabled={!email.trim()}
        submit={() =>
          act(
            () =>
              admin.POST("/admin/v1/tenants/{slug}/users/{id}/emails", {
                params: at({ slug, user }),
                body: { email: email.trim(), verified },
              }),
            `${email.trim()} is added.`,
          )
        }
      >
        {(faults) => (
          <Stack gap="sm">
            <TextInput
              label="Email address"
              type="email"
              autoComplete="off"
              value={email}
              onChange={(e) => setEmail(e.currentTarget.value)}
              error={faults.email}
              data-autofocus
            />
            <Checkbox
              label="It is verified: it needs no proof by mail"
              description="Only say so if you know that it is theirs: whoever reads its mail can take the account over."
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
