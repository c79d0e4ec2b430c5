import { Anchor, Button, Stack, Text, TextInput } from "@mantine/core";
import { Link, useRouter } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { admin } from "../api/client";
import { faultsOf, inWords, isProblem, problemOf } from "../api/problem";
import { Page } from "../parts/Page";
import { SecretInput } from "../parts/SecretInput";
import { Elsewhere, here } from "../session/Elsewhere";
import { Said } from "../session/Said";
import { useOneAtATime } from "../session/useOneAtATime";

/** What the fields say of a problem of the admin API. */
function faultsBeside(error: unknown): { token?: string; email?: string; name?: string; rest?: string } {
  if (error === undefined) {
    return {};
  }
  if (isProblem(error, "unauthenticated")) {
    return { token: "This is not the server's emergency token. It may have been changed or taken away." };
  }
  const { email, name, ...others } = faultsOf(error);
  const known = email !== undefined || name !== undefined;
  return { email, name, rest: known && Object.keys(others).length === 0 ? undefined : inWords(problemOf(error)) };
}

export default function FirstOwner() {
  const [token, setToken] = useState("");
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const { busy, error, run } = useOneAtATime();
  const router = useRouter();
  const faults = faultsBeside(error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const typed = token.trim();
    setToken(""); // whatever comes of it: it is worth too much to stand in a field
    void run("make", async () => {
      const made = await admin.POST("/admin/v1/operators", {
        headers: { Authorization: `Bearer ${typed}` },
        body: { email: email.trim(), ...(name.trim() ? { name: name.trim() } : {}), grants: [{ role: "owner" }] },
      });
      if (made.error) {
        throw made.error;
      }
      const link = made.data.invitation_url;
      if (!link) {
        throw new Error("The owner was made. A mail with a link to choose a password is on its way to them.");
      }
      router.history.replace(new URL(link).pathname);
    });
  };
  return (
    <Page title="The first owner">
      <Elsewhere />
      <Text size="sm">
        Whoever runs the server has its emergency token: the value of{" "}
        <code className="code">VESTIBULE_ADMIN_TOKEN</code>, or of the file that{" "}
        <code className="code">VESTIBULE_ADMIN_TOKEN_FILE</code> names. With <code className="code">make run</code> it
        is printed at the start. It makes the first owner, and another one when nobody can sign in any more. Take it
        away from the server afterwards.
      </Text>
      {here && (
        <form onSubmit={submit}>
          <Stack>
            <SecretInput
              label="Emergency token"
              description={
                error === undefined
                  ? "It is sent this once, and not kept."
                  : "It was not kept: paste it again to try once more."
              }
              value={token}
              onChange={(e) => setToken(e.currentTarget.value)}
              error={faults.token}
              autoComplete="one-time-code" // with "off", browsers offer to keep it as the password of the address below
              autoFocus
            />
            <TextInput
              label="Email address"
              type="email"
              value={email}
              onChange={(e) => setEmail(e.currentTarget.value)}
              error={faults.email}
              autoComplete="email"
              autoCapitalize="none"
              spellCheck={false}
              required
              withAsterisk={false}
            />
            <TextInput
              label="Name"
              value={name}
              onChange={(e) => setName(e.currentTarget.value)}
              error={faults.name}
              autoComplete="name"
              maxLength={100}
            />
            <Said error={faults.rest && new Error(faults.rest)} />
            <Button type="submit" loading={busy !== ""} fullWidth>
              Make this owner
            </Button>
          </Stack>
        </form>
      )}
      <Text size="sm" c="dimmed">
        The same on the command line: <code className="code">admin operator create ADDRESS --role owner</code>
      </Text>
      <Anchor component={Link} to="/sign-in" size="sm" ta="center">
        Sign in instead
      </Anchor>
    </Page>
  );
}
