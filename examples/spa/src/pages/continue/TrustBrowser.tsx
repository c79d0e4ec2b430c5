import type { Trust } from "@vestibule-auth/client";
import { useStep } from "@vestibule-auth/client/react";
import { ActButton } from "../../parts/ActButton";
import { Page } from "../../parts/Page";

export function TrustBrowser({ next }: { next: Trust }) {
  const yes = useStep(() => next.trust(true));
  const no = useStep(() => next.trust(false));
  return (
    <Page
      title="Trust this browser?"
      lead="Then it is not asked for a second factor for a while. Do so only where nobody else uses it."
    >
      <div className="buttons">
        <ActButton step={yes} onClick={yes.run} look="primary">
          Trust it
        </ActButton>
        <ActButton step={no} onClick={no.run}>
          Ask me each time
        </ActButton>
      </div>
    </Page>
  );
}
