import type { Waiting } from "@vestibule-auth/client";
import { ForWaiting, useClient, useSession, useStep } from "@vestibule-auth/client/react";
import { Navigate, useLocation } from "react-router";
import { nextOf } from "../../next";
import { ActButton } from "../../parts/ActButton";
import { FinishSignup } from "./FinishSignup";
import { LoginCode } from "./LoginCode";
import { MakePasskey } from "./MakePasskey";
import { NewPassword } from "./NewPassword";
import { SecondFactor } from "./SecondFactor";
import { TrustBrowser } from "./TrustBrowser";
import { Unknown } from "./Unknown";
import { VerifyAddress } from "./VerifyAddress";
import { VerifyPhone } from "./VerifyPhone";

/** Where every login, signup and reset goes on that is not over after its first step. What it waits for, the session tells. */
export function Continue() {
  const session = useSession();
  const { search } = useLocation();
  const elsewhere = session.status === "signed-in" ? nextOf(search) : `/signin${search}`;
  return (
    <ForWaiting otherwise={<Navigate to={elsewhere} replace />}>
      {({ next }) => (
        <>
          <Step next={next} key={next.id} />
          <BeginAgain />
        </>
      )}
    </ForWaiting>
  );
}

function Step({ next }: { next: Waiting["next"] }) {
  switch (next.id) {
    case "verify_email":
      return <VerifyAddress next={next} />;
    case "verify_phone":
      return <VerifyPhone next={next} />;
    case "login_by_code":
      return <LoginCode next={next} />;
    case "mfa_authenticate":
      return <SecondFactor next={next} />;
    case "mfa_trust":
      return <TrustBrowser next={next} />;
    case "mfa_signup_webauthn":
      return <MakePasskey next={next} />;
    case "password_reset_by_code":
      return <NewPassword next={next} />;
    case "provider_signup":
      return <FinishSignup next={next} />;
    case "unknown":
      return <Unknown next={next} />;
  }
}

function BeginAgain() {
  const client = useClient();
  const giveUp = useStep(() => client.logout());
  return (
    <p className="foot">
      <ActButton step={giveUp} onClick={giveUp.run} look="link">
        Begin again
      </ActButton>
    </p>
  );
}
