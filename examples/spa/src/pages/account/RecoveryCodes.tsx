import { type Authenticator, Declined } from "@vestibule-auth/client";
import { useClient, useStep } from "@vestibule-auth/client/react";
import { Link } from "react-router";
import { ActButton } from "../../parts/ActButton";
import { CopyButton } from "../../parts/CopyButton";
import { Page } from "../../parts/Page";
import { Ready } from "../../parts/Ready";
import { useLoaded } from "../../parts/useLoaded";
import { useTell } from "../../tell";

/** Codes for the day on which the other factors are lost. Each works once. */
export function RecoveryCodes() {
  const client = useClient();
  const codes = useLoaded(async () => {
    try {
      return await client.recoveryCodes();
    } catch (error) {
      if (error instanceof Declined && error.reason === "missing") {
        return null; // there are none
      }
      throw error;
    }
  });
  return (
    <Page
      title="Recovery codes"
      lead="Each of them signs you in once when you have lost your app or key. Print them, or keep them in a safe."
      wide
    >
      <Ready of={codes}>{(made) => (made ? <Codes made={made} set={codes.set} /> : <None set={codes.set} />)}</Ready>
    </Page>
  );
}

interface Changes {
  set: (made: Authenticator) => void;
}

function Codes({ made, set }: { made: Authenticator } & Changes) {
  const { unused_codes: unused = [], unused_code_count, total_code_count } = made;
  const text = `${unused.join("\n")}\n`;
  return (
    <>
      {unused.length > 0 ? (
        <ul className="codes" aria-label="Recovery codes">
          {unused.map((code) => (
            <li key={code}>
              <code>{code}</code>
            </li>
          ))}
        </ul>
      ) : (
        <p>They were shown when they were made, and cannot be seen again.</p>
      )}
      <p className="hint">
        {unused_code_count} of {total_code_count} are left.
      </p>
      <div className="buttons">
        {unused.length > 0 && (
          <>
            <button type="button" className="primary" onClick={() => download(text, "recovery-codes.txt")}>
              Download
            </button>
            <CopyButton text={text} />
          </>
        )}
        <Make set={set} />
      </div>
    </>
  );
}

function None({ set }: Changes) {
  return (
    <>
      <p>
        You have none. They come with your first <Link to="/account/app">app</Link> or{" "}
        <Link to="/account/passkeys">key</Link>.
      </p>
      <Make set={set} />
    </>
  );
}

function Make({ set }: Changes) {
  const client = useClient();
  const tell = useTell();
  const make = useStep(async () => {
    set(await client.generateRecoveryCodes());
    tell("These are new. Older ones do not work any more.");
  });
  return (
    <ActButton step={make} onClick={make.run}>
      Make new ones
    </ActButton>
  );
}

/** Hands over a text as a file, without asking anybody for it. */
function download(text: string, name: string) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
