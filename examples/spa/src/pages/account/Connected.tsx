import type { ProviderAccount } from "@vestibule-auth/client";
import { useClient, useStep } from "@vestibule-auth/client/react";
import { ActButton } from "../../parts/ActButton";
import { Page } from "../../parts/Page";
import { Ready } from "../../parts/Ready";
import { useLoaded } from "../../parts/useLoaded";
import { ProviderButtons } from "../ProviderButtons";

/** Accounts elsewhere that sign somebody in here. */
export function Connected() {
  const client = useClient();
  const accounts = useLoaded(() => client.providerAccounts());
  return (
    <Page title="Connected accounts" lead="Accounts elsewhere that sign you in here." wide>
      <Ready of={accounts}>
        {(list) => (
          <>
            {list.length === 0 && <p>There is none yet.</p>}
            <ul className="rows">
              {list.map((account) => (
                <Row key={`${account.provider.id} ${account.uid}`} account={account} set={accounts.set} />
              ))}
            </ul>
          </>
        )}
      </Ready>
      <div className="buttons">
        <ProviderButtons process="connect" back="/provider-return?next=/account/connected" />
      </div>
    </Page>
  );
}

function Row({ account, set }: { account: ProviderAccount; set: (accounts: ProviderAccount[]) => void }) {
  const client = useClient();
  const { provider, uid, display } = account;
  const end = useStep(async () => set(await client.disconnectProvider(provider.id, uid)));
  return (
    <li>
      <div className="what">
        <strong className="foreign">{display}</strong>
        <span className="hint">{provider.name}</span>
      </div>
      <div className="acts">
        <ActButton step={end} onClick={end.run} look="danger" label={`Disconnect ${display}`}>
          Disconnect
        </ActButton>
      </div>
    </li>
  );
}
