import type { PasskeySignup } from "@vestibule-auth/client";
import { useStep } from "@vestibule-auth/client/react";
import { ActButton } from "../../parts/ActButton";
import { Page } from "../../parts/Page";

export function MakePasskey({ next }: { next: PasskeySignup }) {
  const make = useStep(() => next.make());
  return (
    <Page title="Make your passkey" lead="Your browser asks where to keep it. From then on it signs you in.">
      <ActButton step={make} onClick={make.run} look="primary">
        Make a passkey
      </ActButton>
    </Page>
  );
}
