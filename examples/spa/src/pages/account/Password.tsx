import { useClient, useStep, useUser } from "@vestibule-auth/client/react";
import { useState } from "react";
import { Field, Form } from "../../parts/Form";
import { Page } from "../../parts/Page";
import { useTell } from "../../tell";

/** Changes the password or, of an account that has only a passkey, sets a first one. */
export function Password() {
  const client = useClient();
  const tell = useTell();
  const has = useUser()?.has_usable_password;
  const [round, setRound] = useState(0);
  const change = useStep(async (current: string, password: string) => {
    await client.changePassword({ ...(has && { current_password: current }), new_password: password });
    tell(has ? "Your password is changed. Other devices are signed out." : "Your password is set.");
    setRound((n) => n + 1); // which empties the form
  });
  return (
    <Page
      title="Password"
      lead={has ? "With a new password, all other devices are signed out." : "You have no password yet. You need none."}
      wide
    >
      <Form
        key={round}
        step={change}
        onSubmit={(given) => change.run(given("current_password"), given("new_password"))}
        submit={has ? "Change the password" : "Set a password"}
      >
        <Whose />
        {has && (
          <Field
            name="current_password"
            label="Current password"
            type="password"
            autoComplete="current-password"
            fault={change.faults.current_password}
          />
        )}
        <Field
          name="new_password"
          label="New password"
          type="password"
          autoComplete="new-password"
          fault={change.faults.new_password}
        />
      </Form>
    </Page>
  );
}

/** Password managers want to know whose password it is. */
function Whose() {
  const user = useUser();
  return <input hidden readOnly autoComplete="username" value={user?.email ?? user?.username ?? ""} />;
}
