// A sketch of the forms that a front end would draw from what it is told. Nothing in it does anything.
import { Text } from "@mantine/core";
import type { Schema } from "../../api/client";
import { type Field, fieldNames } from "./fields";
import "./mock.css";
import { loginLabel } from "./words";

export function Mock(props: { name: string; offer: Schema<"SignInOffer">; fields: Field[]; passkeySignup: boolean }) {
  const { account, mfa } = props.offer.config;
  const offered = (id: string) => props.offer.unauthenticated.flows.some((f) => f.id === id);
  return (
    <>
      <div className="mock" data-mock="login">
        <Text fw={600} size="sm" className="foreign">
          Sign in to {props.name}
        </Text>
        {offered("login") && (
          <>
            <div className="mock-field">{loginLabel(account.login_methods)}</div>
            <div className="mock-field">Password</div>
            <div className="mock-button" data-first>
              Sign in
            </div>
            <div className="mock-link">
              Forgot your password? {account.password_reset_by_code_enabled ? "(a code)" : "(a link)"}
            </div>
          </>
        )}
        {offered("login_by_code") && <div className="mock-button">Send me a code</div>}
        {mfa.passkey_login_enabled && <div className="mock-button">Use a passkey</div>}
      </div>
      {account.is_open_for_signup ? (
        <div className="mock" data-mock="signup">
          <Text fw={600} size="sm">
            Make an account
          </Text>
          {props.fields.map((f) => (
            <div className="mock-field" key={f.name}>
              {fieldNames[f.name] ?? f.name}
              {f.required ? " *" : " (may be left out)"}
            </div>
          ))}
          <div className="mock-button" data-first>
            Sign up
          </div>
          {props.passkeySignup && <div className="mock-button">Sign up with a passkey</div>}
        </div>
      ) : (
        <Text size="sm" c="dimmed">
          No signup form: nobody can make an account for themselves.
        </Text>
      )}
    </>
  );
}
