import type { ProviderSignup } from "@vestibule-auth/client";
import { useStep } from "@vestibule-auth/client/react";
import { Form } from "../../parts/Form";
import { Page } from "../../parts/Page";
import { Ready } from "../../parts/Ready";
import { useLoaded } from "../../parts/useLoaded";
import { given, SignUpFields } from "../SignUpFields";

/** A provider vouches for somebody, and did not tell all that an account needs. */
export function FinishSignup({ next }: { next: ProviderSignup }) {
  const known = useLoaded(next.look);
  const finish = useStep(next.finish);
  return (
    <Page title="Almost there" lead={`${next.provider.name} knows you. Tell what is missing to make an account.`}>
      <Ready of={known}>
        {({ email, user }) => (
          <Form step={finish} onSubmit={(form) => finish.run(given(form))} submit="Make the account">
            <SignUpFields faults={finish.faults} known={{ email: email[0]?.email, username: user.username }} />
          </Form>
        )}
      </Ready>
    </Page>
  );
}
