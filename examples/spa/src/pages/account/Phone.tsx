import { useClient, useStep } from "@vestibule-auth/client/react";
import { useState } from "react";
import { ActButton } from "../../parts/ActButton";
import { Field, Form } from "../../parts/Form";
import { Page } from "../../parts/Page";
import { Ready } from "../../parts/Ready";
import { useLoaded } from "../../parts/useLoaded";
import { useTell } from "../../tell";

/** The number of the account. Another one counts as soon as the code is there that was texted to it. */
export function Phone() {
  const client = useClient();
  const phones = useLoaded(() => client.phones());
  const [asked, setAsked] = useState("");
  return (
    <Page title="Phone" lead="With a verified number you can sign in by it, and get codes as texts." wide>
      <Ready of={phones}>
        {(list) => (
          <ul className="rows">
            {list.map(({ phone, verified }) => (
              <li key={phone}>
                <div className="what">
                  <strong>{phone}</strong>
                  <span className={verified ? "mark good" : "mark"}>{verified ? "Verified" : "Not verified yet"}</span>
                </div>
              </li>
            ))}
            {list.length === 0 && <li>You have given no number yet.</li>}
          </ul>
        )}
      </Ready>
      {asked ? (
        <Verify
          phone={asked}
          done={() => {
            setAsked("");
            phones.reload();
          }}
          cancel={() => setAsked("")}
        />
      ) : (
        <Change asked={setAsked} first={phones.data?.length === 0} />
      )}
    </Page>
  );
}

function Change({ asked, first }: { asked: (phone: string) => void; first: boolean }) {
  const client = useClient();
  const change = useStep(async (phone: string) =>
    asked((await client.changePhone(phone.replace(/[\s()-]/g, ""))).phone),
  );
  return (
    <section>
      <h2>{first ? "Add a number" : "Change the number"}</h2>
      <Form step={change} onSubmit={(given) => change.run(given("phone"))} submit="Text me a code" quiet>
        <Field
          name="phone"
          label="Phone number"
          type="tel"
          autoComplete="tel"
          fault={change.faults.phone}
          hint="With the country's code: +49 89 1234567."
        />
      </Form>
    </section>
  );
}

function Verify({ phone, done, cancel }: { phone: string; done: () => void; cancel: () => void }) {
  const client = useClient();
  const tell = useTell();
  const verify = useStep(async (code: string) => {
    await client.verifyPhone(code);
    tell("Your number is verified.");
    done();
  });
  const resend = useStep(async () => {
    await client.changePhone(phone);
    tell("Another code is on its way.");
  });
  return (
    <section>
      <h2>Verify {phone}</h2>
      <Form step={verify} onSubmit={(given) => verify.run(given("code"))} submit="Verify" quiet>
        <Field
          name="code"
          label="The code of the text"
          autoComplete="one-time-code"
          fault={verify.faults.code}
          autoFocus
        />
      </Form>
      <div className="buttons">
        <ActButton step={resend} onClick={resend.run} look="link">
          Send another code
        </ActButton>
        <button type="button" className="link" onClick={cancel}>
          Another number
        </button>
      </div>
    </section>
  );
}
