import { keysWork, type SecondFactor as SecondFactorStep } from "@vestibule-auth/client";
import { useStep } from "@vestibule-auth/client/react";
import { ActButton } from "../../parts/ActButton";
import { Page } from "../../parts/Page";
import { CodeForm } from "./CodeForm";

export function SecondFactor({ next }: { next: SecondFactorStep }) {
  const byKey = useStep(next.byKey);
  const byCode = useStep(next.byCode);
  const key = next.types.includes("webauthn") && keysWork();
  const recovery = next.types.includes("recovery_codes");
  return (
    <Page title="One more proof" lead="Your account asks for a second factor.">
      {key && (
        <ActButton step={byKey} onClick={byKey.run} look="primary">
          Use a passkey or key
        </ActButton>
      )}
      {next.types.includes("totp") ? (
        <CodeForm
          step={byCode}
          label="Code of your authenticator app"
          submit="Sign in"
          quiet={key}
          {...(recovery && { hint: "Without the app, type one of your recovery codes." })}
        />
      ) : (
        recovery && <CodeForm step={byCode} label="Recovery code" submit="Sign in" quiet={key} />
      )}
    </Page>
  );
}
