import type { UnknownStep } from "@vestibule-auth/client";
import { Page } from "../../parts/Page";

/** The server is newer than this app. */
export function Unknown({ next }: { next: UnknownStep }) {
  return (
    <Page title="Something is missing here">
      <p>
        The server asks for <code>{next.flow.id}</code>, which this app does not know. Reload the page; if that does not
        help, begin again another way.
      </p>
    </Page>
  );
}
