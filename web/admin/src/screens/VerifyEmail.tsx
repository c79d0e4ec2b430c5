import { Alert, Button, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { browser, headless } from "../api/client";
import { Failure } from "../parts/Failure";
import { Bars } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { ask, Declined, step } from "../session/answers";
import { Said } from "../session/Said";
import { useOneAtATime } from "../session/useOneAtATime";

/** Where the link of a mail leads that asks whether an address is somebody's. It is answered by a button: programs that open links in
 * mails press none. */
export default function VerifyEmail() {
  const { key = "" } = useParams({ strict: false });
  const [verified, setVerified] = useState(false);
  const { busy, error, run } = useOneAtATime();
  const asked = useQuery({
    queryKey: ["own", "verify"],
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
    queryFn: async () =>
      (
        await ask(() =>
          headless.GET("/_allauth/{client}/v1/auth/email/verify", {
            params: { path: { client: "browser" }, header: { "X-Email-Verification-Key": key } },
          }),
        )
      ).data,
  });
  const gone = asked.error instanceof Declined && asked.error.status === 400;
  return (
    <Page title="Verify your address">
      {verified ? (
        <Stack>
          <Alert color="green" variant="outline" role="status">
            The address is verified.
          </Alert>
          <Button component={Link} to="/sign-in">
            Go on
          </Button>
        </Stack>
      ) : gone ? (
        <Stack>
          <Alert color="yellow" variant="outline" title="This link does not work any more" role="alert">
            It works for a limited time. Sign in, and you are sent another where one is needed.
          </Alert>
          <Button component={Link} to="/sign-in">
            Sign in
          </Button>
        </Stack>
      ) : asked.error ? (
        <Failure error={asked.error} retry={() => void asked.refetch()} />
      ) : asked.data ? (
        <Stack>
          <Text size="sm">
            Is{" "}
            <Text span inherit fw={600} className="foreign">
              {asked.data.email}
            </Text>{" "}
            the address of{" "}
            <Text span inherit className="foreign">
              {asked.data.user.display}
            </Text>
            ?
          </Text>
          <Said error={error} />
          <Button
            loading={busy !== ""}
            onClick={() =>
              void run("verify", async () => {
                await step(() =>
                  headless.POST("/_allauth/{client}/v1/auth/email/verify", { ...browser, body: { key } }),
                );
                setVerified(true);
              })
            }
          >
            Yes, verify it
          </Button>
        </Stack>
      ) : (
        <Bars lines={3} />
      )}
    </Page>
  );
}
