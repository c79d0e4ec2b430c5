import { Badge, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { IconDeviceMobile, IconFingerprint, IconPlus } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { browser, headless } from "../../api/client";
import { Confirm } from "../../parts/Confirm";
import { Loaded } from "../../parts/Loaded";
import { Section } from "../../parts/Section";
import { Time } from "../../parts/Time";
import { done } from "../../parts/tell";
import { useOnTop } from "../../parts/useOnTop";
import { AddKey } from "../../session/AddKey";
import { ask } from "../../session/answers";
import { CodesToKeep } from "../../session/CodesToKeep";
import { type Factor, readAgain, seeCodes, useFactors } from "../../session/own";
import type { Prove } from "../../session/Prove";
import { SetUpApp } from "../../session/SetUpApp";
import { at } from "./at";
import { RecoveryCodes } from "./RecoveryCodes";
import { RenameKey } from "./RenameKey";

const nameOf = (f: Factor) => (f.type === "totp" ? "the authenticator app" : (f.name ?? "this key"));

export function Factors({ prove }: { prove: Prove }) {
  const query = useFactors();
  const [adding, setAdding] = useState<"app" | "key">();
  const [removing, setRemoving] = useState<Factor>();
  const [renaming, setRenaming] = useState<Factor>();
  const [codes, setCodes] = useState<string[]>();
  const onTop = useOnTop(adding !== undefined);
  const factors = query.data ?? [];
  const second = factors.filter((f) => f.type !== "recovery_codes");
  const hadCodes = factors.some((f) => f.type === "recovery_codes");
  const added = async () => {
    setAdding(undefined);
    done("It was added.");
    if (!hadCodes) {
      setCodes(await seeCodes().catch(() => undefined)); // they came with it
    }
    await readAgain();
  };
  const remove = async (f: Factor) => {
    await prove<unknown>(() =>
      ask<unknown>(() =>
        f.type === "totp"
          ? headless.DELETE("/_allauth/{client}/v1/account/authenticators/totp", browser)
          : headless.DELETE("/_allauth/{client}/v1/account/authenticators/webauthn", {
              ...browser,
              body: { authenticators: [f.id ?? 0] },
            }),
      ),
    );
    done("It was removed.");
    await readAgain();
  };
  return (
    <Section
      title="Second factors"
      lead="Have two, so that losing one does not lock you out. A passkey signs you in by itself."
      actions={
        <Group gap="xs">
          {!factors.some((f) => f.type === "totp") && query.data && (
            <Button variant="default" leftSection={<IconPlus size={16} />} onClick={() => setAdding("app")}>
              Add an app
            </Button>
          )}
          <Button variant="default" leftSection={<IconPlus size={16} />} onClick={() => setAdding("key")}>
            Add a passkey
          </Button>
        </Group>
      }
    >
      <Loaded query={query} lines={3}>
        {(all) => (
          <Stack gap="sm" component="ul" m={0} p={0} style={{ listStyle: "none" }}>
            {all.map((f) =>
              f.type === "recovery_codes" ? (
                <RecoveryCodes key="codes" factor={f} prove={prove} show={setCodes} />
              ) : (
                <Item
                  key={f.id ?? f.type}
                  icon={f.type === "totp" ? <IconDeviceMobile aria-hidden /> : <IconFingerprint aria-hidden />}
                  title={f.type === "totp" ? "Authenticator app" : (f.name ?? "Key")}
                  badge={f.is_passwordless && <Badge>passkey</Badge>}
                  factor={f}
                >
                  {f.type === "webauthn" && (
                    <Button
                      variant="default"
                      size="xs"
                      onClick={() => setRenaming(f)}
                      aria-label={`Rename ${nameOf(f)}`}
                    >
                      Rename
                    </Button>
                  )}
                  <Button variant="default" size="xs" onClick={() => setRemoving(f)} aria-label={`Remove ${nameOf(f)}`}>
                    Remove
                  </Button>
                </Item>
              ),
            )}
          </Stack>
        )}
      </Loaded>
      <Modal
        opened={adding === "app"}
        onClose={() => setAdding(undefined)}
        title="Add an authenticator app"
        closeOnEscape={onTop}
      >
        {adding === "app" && <SetUpApp prove={prove} then={added} cancel={() => setAdding(undefined)} />}
      </Modal>
      <Modal opened={adding === "key"} onClose={() => setAdding(undefined)} title="Add a passkey" closeOnEscape={onTop}>
        {adding === "key" && <AddKey prove={prove} then={added} cancel={() => setAdding(undefined)} />}
      </Modal>
      {renaming && <RenameKey factor={renaming} prove={prove} close={() => setRenaming(undefined)} />}
      <Confirm
        opened={removing !== undefined}
        close={() => setRemoving(undefined)}
        title="Remove this factor?"
        action="Remove"
        danger
        run={async () => removing && remove(removing)}
      >
        You cannot sign in with{" "}
        <Text span inherit fw={600} className="foreign">
          {removing && nameOf(removing)}
        </Text>{" "}
        any more.
        {second.length === 1 &&
          " It is the last one: your recovery codes go with it, and these pages are closed to you until you add another."}
      </Confirm>
      <Modal
        opened={codes !== undefined && codes.length > 0}
        onClose={() => setCodes(undefined)}
        title="Keep your recovery codes"
        closeOnClickOutside={false}
        closeOnEscape={false}
        withCloseButton={false}
      >
        {codes && <CodesToKeep codes={codes} close={() => setCodes(undefined)} />}
      </Modal>
    </Section>
  );
}

/** One way to show who one is. */
export function Item(props: {
  icon: ReactNode;
  title: string;
  badge?: ReactNode;
  factor: Factor;
  lead?: ReactNode;
  children: ReactNode;
}) {
  const { factor } = props;
  return (
    <Group component="li" justify="space-between" gap="sm">
      <Group gap="sm" wrap="nowrap" flex={1} miw="min(14rem, 100%)">
        {props.icon}
        <Stack gap={0} miw={0}>
          <Group gap={6}>
            <Text size="sm" fw={600} className="foreign">
              {props.title}
            </Text>
            {props.badge}
          </Group>
          <Text size="xs" c="dimmed" component="div">
            {props.lead ?? (
              <>
                Added <Time at={at(factor.created_at)} />, last used <Time at={at(factor.last_used_at)} />
              </>
            )}
          </Text>
        </Stack>
      </Group>
      <Group gap="xs">{props.children}</Group>
    </Group>
  );
}
