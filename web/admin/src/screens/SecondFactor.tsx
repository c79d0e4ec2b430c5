import { Anchor, Button, Stack, Text } from "@mantine/core";
import { IconDeviceMobile, IconFingerprint } from "@tabler/icons-react";
import { useState } from "react";
import { gate } from "../api/queries";
import { Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { failed } from "../parts/tell";
import { AddKey } from "../session/AddKey";
import { CodesToKeep } from "../session/CodesToKeep";
import { useEnter } from "../session/entering";
import { keysWork } from "../session/keys";
import { leave } from "../session/leave";
import { seeCodes, useFactors } from "../session/own";
import { useProof } from "../session/Prove";
import { SetUpApp, WhatIsAnApp } from "../session/SetUpApp";
import { ShowFactor } from "../session/ShowFactor";

/** Where somebody comes who signed in with one factor: they show their second one, or add their first. */
export default function SecondFactor() {
  const enter = useEnter();
  const factors = useFactors();
  const [codes, setCodes] = useState<string[]>();
  // What is added here shows in the list at once, and the codes that come with it are still to be kept.
  const [adding, setAdding] = useState(false);
  if (codes) {
    return (
      <Page title="Keep your recovery codes">
        <CodesToKeep codes={codes} close={enter} />
      </Page>
    );
  }
  return (
    <Loaded query={factors} lines={5}>
      {(all) => {
        const types = all.map((f) => f.type);
        const second = types.some((t) => t !== "recovery_codes");
        return second && !adding ? (
          <Page title="Your second factor">
            <Text size="sm">Operators show two factors, since they can reach everybody's accounts.</Text>
            <ShowFactor
              act="reauthenticate"
              types={[...new Set(types)]}
              then={(o) => (o.signedIn ? enter() : gate.signIn())}
            />
            <SignOut />
          </Page>
        ) : (
          <Page title="Add a second factor">
            <AddFirst
              begun={() => setAdding(true)}
              then={async () => {
                const shown = await seeCodes().catch(() => undefined);
                if (shown && shown.length > 0) {
                  setCodes(shown);
                } else {
                  enter();
                }
              }}
            />
            <SignOut />
          </Page>
        );
      }}
    </Loaded>
  );
}

function AddFirst({ begun, then }: { begun: () => void; then: () => unknown }) {
  const [way, setWay] = useState<"app" | "key">();
  const { prove, dialog } = useProof();
  const choose = (to: "app" | "key") => () => {
    begun();
    setWay(to);
  };
  return (
    <Stack>
      {dialog}
      {way === undefined && (
        <>
          <Text size="sm">
            Operators show two factors, since they can reach everybody's accounts. Choose the first one; you can add
            more later.
          </Text>
          <Choice
            icon={<IconDeviceMobile aria-hidden />}
            title="Authenticator app"
            lead="Codes from an app on your phone or in your password manager."
            onClick={choose("app")}
          />
          <Choice
            icon={<IconFingerprint aria-hidden />}
            title="Passkey"
            lead={
              keysWork
                ? "Your finger, face or PIN, or a security key. It also signs you in without the password."
                : "This browser cannot make passkeys."
            }
            onClick={choose("key")}
            disabled={!keysWork}
          />
        </>
      )}
      {way === "app" && (
        <>
          <WhatIsAnApp />
          <SetUpApp prove={prove} then={then} cancel={() => setWay(undefined)} />
        </>
      )}
      {way === "key" && <AddKey prove={prove} then={then} cancel={() => setWay(undefined)} />}
    </Stack>
  );
}

function Choice(props: {
  icon: React.ReactNode;
  title: string;
  lead: string;
  onClick: () => void;
  disabled?: boolean;
}) {
  return (
    <Button
      variant="default"
      h="auto"
      py="sm"
      fullWidth
      leftSection={props.icon}
      onClick={props.onClick}
      disabled={props.disabled}
      styles={{ inner: { justifyContent: "flex-start" }, label: { whiteSpace: "normal", textAlign: "start" } }}
    >
      <Stack gap={2}>
        <Text fw={600} size="sm">
          {props.title}
        </Text>
        <Text size="xs" c="dimmed">
          {props.lead}
        </Text>
      </Stack>
    </Button>
  );
}

function SignOut() {
  return (
    <Anchor component="button" type="button" size="sm" onClick={() => void leave().then(gate.signIn, failed)}>
      Sign in as somebody else
    </Anchor>
  );
}
