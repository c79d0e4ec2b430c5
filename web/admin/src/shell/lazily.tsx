// A screen's code is fetched when somebody goes there. Where it cannot be, the pages stay and say so: a browser that reloads while the
// server is down shows its own error page instead.
import { Button, Stack } from "@mantine/core";
import { type ComponentType, useCallback, useEffect, useState } from "react";
import { admin } from "../api/client";
import { Failure } from "../parts/Failure";
import { Bars } from "../parts/Loaded";
import { Notice } from "../parts/Notice";
import { Page } from "../parts/Page";

/** Whether the server can be reached, whatever it answers. */
const answers = () =>
  admin.GET("/admin/v1/me").then(
    () => true,
    () => false,
  );

const reload = () => location.reload();

/** A component whose code is fetched when it is needed; preload is called by the router, and never fails. */
export function lazily(load: () => Promise<{ default: ComponentType }>) {
  let Screen: ComponentType | undefined;
  const preload = async () => {
    try {
      Screen ??= (await load()).default;
    } catch {
      // Told where it is shown, after another attempt.
    }
  };

  // biome-ignore lint/correctness/noComponentHookFactories: each is made once, with the routes
  function Fetched() {
    const [missing, setMissing] = useState<"" | "unreachable" | "renewed">("");
    const [, setHere] = useState(Screen !== undefined);
    const attempt = useCallback(async (asked: boolean) => {
      setMissing("");
      await preload();
      if (Screen) {
        setHere(true);
        return;
      }
      const reachable = await answers();
      if (reachable && asked) {
        // Browsers may remember that a file could not be fetched.
        reload();
      }
      setMissing(reachable ? "renewed" : "unreachable");
    }, []);
    useEffect(() => {
      if (!Screen) {
        void attempt(false);
      }
    }, [attempt]);
    if (Screen) {
      return <Screen />;
    }
    if (missing === "") {
      return <Bars lines={8} />;
    }
    return (
      <Page title="This screen could not be loaded">
        {missing === "unreachable" ? (
          <Failure error={undefined} retry={() => void attempt(true)} />
        ) : (
          <Notice kind="warning" live title="The server may have been updated">
            <Stack align="start" gap="sm">
              It has other pages than when this one was opened. Reload it to go on.
              <Button size="xs" variant="default" onClick={reload}>
                Reload
              </Button>
            </Stack>
          </Notice>
        )}
      </Page>
    );
  }
  return Object.assign(Fetched, { preload });
}
