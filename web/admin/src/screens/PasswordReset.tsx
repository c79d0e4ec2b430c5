import { Alert, Anchor, Button, Stack, Text, TextInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { browser, headless } from "../api/client";
import { Page } from "../parts/Page";
import { faultsIn, step } from "../session/answers";
import { Elsewhere, here } from "../session/Elsewhere";
import { useOffered } from "../session/own";
import { Said } from "../session/Said";
import { useOneAtATime } from "../session/useOneAtATime";

export default function PasswordReset() {
  const [email, setEmail] = useState("");
  const [sentTo, setSentTo] = useState("");
  const { busy, error, run } = useOneAtATime();
  useOffered(); // it brings the cookie that the request is sent with
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run("send", async () => {
      await step(() => headless.POST("/_allauth/{client}/v1/auth/password/request", { ...browser, body: { email } }));
      setSentTo(email);
    });
  };
  return (
    <Page title="Forgot your password?">
      <Elsewhere />
      {sentTo !== "" ? (
        <Alert color="green" variant="outline" title="Look into your mail" role="status">
          If{" "}
          <Text span inherit fw={600} className="foreign">
            {sentTo}
          </Text>{" "}
          is an operator's address, a link to choose a new password is on its way there.
        </Alert>
      ) : (
        here && (
          <form onSubmit={submit}>
            <Stack>
              <Text size="sm">You are mailed a link to choose a new one. Your second factor stays as it is.</Text>
              <TextInput
                label="Email address"
                type="email"
                value={email}
                onChange={(e) => setEmail(e.currentTarget.value)}
                error={faultsIn(error).email}
                autoComplete="username"
                autoCapitalize="none"
                spellCheck={false}
                required
                withAsterisk={false}
                autoFocus
              />
              <Said error={error} fields={["email"]} />
              <Button type="submit" loading={busy !== ""} fullWidth>
                Send the link
              </Button>
            </Stack>
          </form>
        )
      )}
      <Text size="sm" c="dimmed">
        No mail server yet, or no mail? Whoever has the emergency token can{" "}
        <Anchor component={Link} to="/first-owner" underline="always" inherit>
          make an owner
        </Anchor>
        , and another owner can set your password under Operators.
      </Text>
      <Anchor component={Link} to="/sign-in" size="sm" ta="center">
        Back to signing in
      </Anchor>
    </Page>
  );
}
