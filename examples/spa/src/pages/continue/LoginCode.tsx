import type { LoginByCode } from "@vestibule-auth/client";
import { useStep } from "@vestibule-auth/client/react";
import { Page } from "../../parts/Page";
import { CodeForm } from "./CodeForm";
import { Resend } from "./Resend";

export function LoginCode({ next }: { next: LoginByCode }) {
  const confirm = useStep(next.confirm);
  return (
    <Page title="Type the code" lead="If there is such an account, a code is on its way to it.">
      <CodeForm step={confirm} submit="Sign in" />
      <Resend resend={next.resend}>Send another code</Resend>
    </Page>
  );
}
