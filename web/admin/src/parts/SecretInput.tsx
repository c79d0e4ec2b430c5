import { PasswordInput, type PasswordInputProps } from "@mantine/core";

/** A field for a password or a token: what is wrong with it is told to those who hear the page, too. */
export function SecretInput(props: PasswordInputProps & { label: string }) {
  return <PasswordInput {...props} aria-invalid={props.error ? true : undefined} required withAsterisk={false} />;
}
