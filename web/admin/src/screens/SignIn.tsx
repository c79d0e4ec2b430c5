import { Anchor, Button, Stack, Text } from "@mantine/core";
import { Link, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { browser, cookie, csrfCookie, headless } from "../api/client";
import { Bars } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { type Outcome, step } from "../session/answers";
import { Elsewhere, here } from "../session/Elsewhere";
import { useEnter } from "../session/entering";
import { onAnnounced } from "../session/presence";
import { Said } from "../session/Said";
import { ShowFactor } from "../session/ShowFactor";
import { useOneAtATime } from "../session/useOneAtATime";
import { Credentials } from "./sign-in/Credentials";
import { PasskeyButton } from "./sign-in/PasskeyButton";

const fresh: Outcome = { signedIn: false, stage: "", types: [] };

const session = () => step(() => headless.GET("/_allauth/{client}/v1/auth/session", browser));

/** Who was here before may be signed in, or half way in. A new browser is neither, and gets what it signs in with. */
async function standing(): Promise<Outcome> {
  if (cookie(csrfCookie) !== "") {
    return session();
  }
  await headless.GET("/_allauth/{client}/v1/config", browser);
  return fresh;
}

export default function SignIn() {
  const [at, setAt] = useState<Outcome>();
  const [lost, setLost] = useState<unknown>();
  const [off, setOff] = useState(false);
  const enter = useEnter();
  const search = useSearch({ strict: false }) as { return?: string };
  const { run } = useOneAtATime();
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the page is opened
  useEffect(() => {
    standing().then(
      (o) => (o.signedIn ? enter() : setAt(o)),
      (error) => {
        setLost(error);
        setAt(fresh);
      },
    );
  }, []);
  // Whoever signed in in another tab is signed in here. A server that is busy is asked again: nobody says so a second time.
  // biome-ignore lint/correctness/useExhaustiveDependencies: for as long as the page is there
  useEffect(() => {
    let waits: ReturnType<typeof setTimeout> | undefined;
    const ask = (left: number) =>
      void session().then(
        (o) => o.signedIn && enter(),
        () => {
          if (left > 0) {
            waits = setTimeout(() => ask(left - 1), 1000);
          }
        },
      );
    const deaf = onAnnounced(() => {
      clearTimeout(waits);
      ask(5);
    });
    return () => {
      deaf();
      clearTimeout(waits);
    };
  }, []);
  const next = (o: Outcome) => {
    if (o.signedIn) {
      enter();
      return;
    }
    setOff(o.stage === "");
    setLost(undefined);
    setAt(o);
  };
  const anew = () =>
    run("leave", async () => {
      await step(() => headless.DELETE("/_allauth/{client}/v1/auth/session", browser));
      setOff(false);
      setAt(fresh);
    });
  if (at === undefined) {
    return <Bars lines={6} />;
  }
  switch (at.stage) {
    case "":
      break;
    case "mfa_authenticate":
      return (
        <Page title="Your second factor">
          <ShowFactor act="authenticate" types={at.types} then={next} />
          <StartAgain run={anew} />
        </Page>
      );
    case "mfa_trust":
      return (
        <Page title="Trust this browser?">
          <Text size="sm">
            A browser that is trusted is not asked for the second factor when you sign in. These pages ask for it all
            the same.
          </Text>
          <Trust then={next} />
        </Page>
      );
    default:
      return (
        <Page title="One more step">
          <Text size="sm">
            {at.stage === "verify_email"
              ? "Your address has to be verified first. Follow the link in the mail that was just sent to you, then sign in here."
              : "This sign-in waits for a step that these pages do not offer. Ask an owner to look at the settings of the tenant system."}
          </Text>
          <StartAgain run={anew} />
        </Page>
      );
  }
  return (
    <Page title="Sign in">
      <Elsewhere />
      <Said error={lost} />
      {off && (
        <Said error={new Error("This account is switched off. Ask an owner to activate it, then sign in again.")} />
      )}
      {here && (
        <>
          <Credentials then={next} />
          <PasskeyButton then={next} />
        </>
      )}
      <Stack gap={4} align="center">
        <Anchor component={Link} to="/account/password/reset" size="sm">
          Forgot your password?
        </Anchor>
        <Anchor component={Link} to="/first-owner" search={search as never} size="sm">
          First time here?
        </Anchor>
      </Stack>
    </Page>
  );
}

function StartAgain({ run }: { run: () => unknown }) {
  return (
    <Anchor component="button" type="button" size="sm" onClick={() => void run()}>
      Sign in as somebody else
    </Anchor>
  );
}

function Trust({ then }: { then: (o: Outcome) => void }) {
  const { busy, error, run } = useOneAtATime();
  const answer = (trust: boolean) => () =>
    void run(String(trust), async () =>
      then(await step(() => headless.POST("/_allauth/browser/v1/auth/2fa/trust", { body: { trust } }))),
    );
  return (
    <Stack>
      <Said error={error} />
      <Button onClick={answer(false)} loading={busy === "false"} fullWidth>
        Do not trust it
      </Button>
      <Button variant="default" onClick={answer(true)} loading={busy === "true"} fullWidth>
        Trust it
      </Button>
    </Stack>
  );
}
