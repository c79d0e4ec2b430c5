import type { BrowserClient } from "@vestibule-auth/client";
import { useClient, useConfig, useStep } from "@vestibule-auth/client/react";
import { ActButton } from "../parts/ActButton";

interface ProviderButtonsProps {
  /** Whether to sign in, or to connect the account with the one that is signed in. */
  process: "login" | "connect";
  /** Where somebody who comes back goes on to, at this app. */
  back: string;
}

/** A button for each identity provider that the tenant has. It leaves this app; the server sends its user back. */
export function ProviderButtons(props: ProviderButtonsProps) {
  const providers = useConfig()?.socialaccount.providers ?? [];
  return providers
    .filter((p) => p.flows.includes("provider_redirect"))
    .map((p) => <ProviderButton key={p.id} id={p.id} name={p.name} {...props} />);
}

function ProviderButton({ id, name, process, back }: ProviderButtonsProps & { id: string; name: string }) {
  const client = useClient() as BrowserClient;
  const go = useStep(() => client.goToProvider(id, back, process));
  return (
    <ActButton step={go} onClick={go.run}>
      {process === "login" ? `Sign in with ${name}` : `Connect ${name}`}
    </ActButton>
  );
}
