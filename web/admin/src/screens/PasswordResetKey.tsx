import { Alert, Anchor, Button, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useRouter } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { browser, headless } from "../api/client";
import { queries } from "../api/queries";
import { Failure } from "../parts/Failure";
import { Bars } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { SecretInput } from "../parts/SecretInput";
import { ask, Declined, faultsIn, step, type User } from "../session/answers";
import { leave } from "../session/leave";
import { Said } from "../session/Said";
import { useOneAtATime } from "../session/useOneAtATime";

/** Where the links lead that invitations and forgotten passwords are answered with. */
export default function PasswordResetKey() {
  const { key = "" } = useParams({ strict: false });
  const owner = useQuery({
    queryKey: ["own", "reset"], // the key is kept nowhere
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
    queryFn: async () =>
      (
        await ask(() =>
          headless.GET("/_allauth/{client}/v1/auth/password/reset", {
            params: { path: { client: "browser" }, header: { "X-Password-Reset-Key": key } },
          }),
        )
      ).data.user,
  });
  return (
    <Page title="Choose a password">
      {owner.data ? (
        <Choose owner={owner.data} secret={key} />
      ) : owner.error ? (
        <Refused error={owner.error} retry={() => void owner.refetch()} />
      ) : (
        <Bars lines={4} />
      )}
    </Page>
  );
}

function Choose({ owner, secret }: { owner: User; secret: string }) {
  const [password, setPassword] = useState("");
  const { busy, error, run } = useOneAtATime();
  const router = useRouter();
  const email = owner.email ?? owner.display;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run("set", async () => {
      await step(() =>
        headless.POST("/_allauth/{client}/v1/auth/password/reset", { ...browser, body: { key: secret, password } }),
      );
      queries.clear();
      try {
        await step(() => headless.POST("/_allauth/{client}/v1/auth/login", { ...browser, body: { email, password } }));
      } catch {
        // The password is set all the same: they sign in with it by hand.
      }
      router.history.replace("/sign-in");
    });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm">
          For{" "}
          <Text span fw={600} className="foreign">
            {email}
          </Text>
          . Every session that is open with the old one ends.
        </Text>
        <input type="hidden" autoComplete="username" value={email} readOnly />
        <SecretInput
          label="New password"
          description="Long beats complicated: four or five words that do not belong together are good."
          value={password}
          onChange={(e) => setPassword(e.currentTarget.value)}
          error={faultsIn(error).password}
          autoComplete="new-password"
          autoFocus
        />
        <Said error={error} fields={["password"]} />
        <Button type="submit" loading={busy !== ""} fullWidth>
          Set the password
        </Button>
      </Stack>
    </form>
  );
}

function Refused({ error, retry }: { error: unknown; retry: () => void }) {
  const { busy, run } = useOneAtATime();
  const status = error instanceof Declined ? error.status : 0;
  if (status === 409) {
    return (
      <Stack>
        <Alert color="yellow" variant="outline" title="Somebody else is signed in here">
          This link is another account's. Sign out to use it.
        </Alert>
        <Button
          loading={busy !== ""}
          onClick={() =>
            void run("out", async () => {
              await leave();
              retry();
            })
          }
        >
          Sign out and go on
        </Button>
      </Stack>
    );
  }
  if (status !== 400) {
    return <Failure error={error} retry={retry} />;
  }
  return (
    <Stack>
      <Alert color="yellow" variant="outline" title="This link does not work any more" role="alert">
        A link works once, for a limited time, and only until the next one is asked for.
      </Alert>
      <Button component={Link} to="/account/password/reset" fullWidth>
        Ask for a new link
      </Button>
      <Anchor component={Link} to="/sign-in" size="sm" ta="center">
        Sign in
      </Anchor>
    </Stack>
  );
}
