// What a user is called, and how they stand, wherever users are listed.
import { Badge, Group } from "@mantine/core";

interface Called {
  id: string;
  name: string;
  email: string;
  username: string;
  phone?: string;
}

/** What a user is best known by. */
export const called = (u: Called): string => u.name || u.email || u.username || u.phone || u.id;

/** The names besides that. */
export const alsoCalled = (u: Called): string[] =>
  [u.email, u.username, u.phone ?? ""].filter((n) => n !== "" && n !== called(u));

/** Whether an address or a number was proved. */
export function Verified({ yes }: { yes: boolean }) {
  return yes ? (
    <Badge color="green">Verified</Badge>
  ) : (
    <Badge component="span" color="yellow">
      Not verified
    </Badge>
  );
}

const factorNames: Record<string, string> = {
  totp: "App",
  webauthn: "Key",
  recovery_codes: "Codes",
};

/** What authenticators a user has, in a word each. */
export function Factors({ types }: { types: string[] }) {
  if (types.length === 0) {
    return <>none</>;
  }
  return (
    <Group gap={4} justify="inherit">
      {types.map((t) => (
        <Badge key={t} color="gray">
          {factorNames[t] ?? t}
        </Badge>
      ))}
    </Group>
  );
}
