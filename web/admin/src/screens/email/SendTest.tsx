// A mail that is sent now, and what came of it: what failed, what that usually means, and what to do.

import { Alert, Anchor, Badge, Button, Group, Stack, Table, Text, TextInput } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, type Schema } from "../../api/client";
import { faultsOf, isProblem } from "../../api/problem";
import { Failure } from "../../parts/Failure";
import { Line } from "../../parts/Line";
import { Section } from "../../parts/Section";
import { number } from "../../parts/words";
import { useMe } from "../../session/me";

type Result = Schema<"MailTest">;

/** What to look at where a test failed. */
const remedies: Record<Exclude<Result["step"], "">, { what: string; todo: string }> = {
  settings: { what: "The settings cannot be used.", todo: "Look at the address of the mail server above." },
  sender: { what: "The sender is not an address that mail can come from.", todo: "Correct the sender above." },
  recipient: { what: "Mail cannot be sent to this address.", todo: "Look at how you spelt it." },
  "reply-to": { what: "Answers cannot go to that address.", todo: "Correct where answers go above." },
  dns: { what: "The mail server's name was not found.", todo: "Look at how the name is spelt in its address." },
  dial: {
    what: "There was no connection to the mail server.",
    todo: "Look at the port, and at firewalls in between. A tenant's own mail server must be on the public internet.",
  },
  tls: {
    what: "The encrypted connection could not be made.",
    todo: "smtps:// goes with port 465; most servers want smtp:// on port 587. The certificate must be valid for the name.",
  },
  greeting: {
    what: "The server did not say hello as mail servers do.",
    todo: "Look at the port. smtps:// goes with port 465, smtp:// with 587.",
  },
  ehlo: {
    what: "The server did not go on after the greeting.",
    todo: "Ask whoever runs it what it has against this one.",
  },
  starttls: {
    what: "The connection could not be encrypted.",
    todo: "The server must offer STARTTLS, with a certificate that is valid for its name; or use smtps:// on port 465.",
  },
  auth: {
    what: "The user or the password was refused.",
    todo: "Enter them again. A % or @ in them must be written as %25 or %40.",
  },
  mail: {
    what: "The server does not take mail from this sender.",
    todo: "Use a sender of a domain that the account may send for.",
  },
  rcpt: {
    what: "The server does not take mail for this recipient.",
    todo: "Try another address. If none works, the account may not send to the outside.",
  },
  data: {
    what: "The server refused the mail itself.",
    todo: "Its words say why; it is often the sender's domain (SPF, DKIM).",
  },
  mailbox: { what: "The development mailbox did not take it.", todo: "Look at the server's log." },
};

export function SendTest({ slug, unsaved }: { slug: string; unsaved: boolean }) {
  const me = useMe();
  const [to, setTo] = useState<string>();
  const test = api.useMutation("post", "/admin/v1/tenants/{slug}/mail-test");
  const mine = me.data?.name.includes("@") ? me.data.name : "";
  const send = (event: FormEvent) => {
    event.preventDefault();
    test.mutate({ params: { path: { slug } }, body: { to: to ?? mine } });
  };
  const fault = isProblem(test.error, "invalid") ? faultsOf(test.error).to : undefined;
  return (
    <Section
      title="Send a test"
      lead="A mail goes out now, the way that this tenant's mail goes, and you see how far it got."
    >
      <form onSubmit={send}>
        <Group align="end">
          <TextInput
            label="To"
            type="email"
            required
            withAsterisk={false}
            value={to ?? mine}
            onChange={(e) => setTo(e.currentTarget.value)}
            error={fault}
            placeholder="you@example.org"
            flex="1 1 16rem"
            maw={420}
          />
          <Button type="submit" variant="default" leftSection={<IconSend size={16} />} loading={test.isPending}>
            Send test mail
          </Button>
        </Group>
      </form>
      {unsaved && (
        <Text size="sm" c="dimmed">
          It goes by what is saved. Save your changes first to try them out.
        </Text>
      )}
      <div aria-live="polite" className="quiet-when-empty">
        {test.error !== null && !fault ? <Failure error={test.error} /> : null}
        {test.data && !test.isPending && <Outcome result={test.data} slug={slug} />}
      </div>
    </Section>
  );
}

function Outcome({ result, slug }: { result: Result; slug: string }) {
  const remedy = result.step === "" ? undefined : remedies[result.step];
  return (
    <Stack gap="sm">
      <Alert
        color={result.sent ? "green" : "red"}
        variant="outline"
        title={result.sent ? "The mail server took it" : (remedy?.what ?? "It was not sent.")}
      >
        <Text size="sm">
          {result.sent
            ? "Look into the mailbox, and among the spam. If it does not arrive, the sender's domain may lack SPF or DKIM records."
            : remedy?.todo}
        </Text>
      </Alert>
      <Table variant="vertical" layout="fixed" withTableBorder aria-label="What happened">
        <Table.Tbody>
          <Line label="Server">{result.server}</Line>
          <Line label="Sender">{result.from}</Line>
          <Line label="Took">{number(result.duration_ms)} ms</Line>
          {result.step !== "" && <Line label="Failed at">{result.step}</Line>}
          {result.code !== 0 && (
            <Line label="Reply">
              <Badge color="red">{result.code}</Badge> {result.enhanced_code}
            </Line>
          )}
          {result.words !== "" && <Line label="In its own words">{result.words}</Line>}
        </Table.Tbody>
      </Table>
      <Anchor component={Link} to={`/tenants/${slug}/messages`} size="sm">
        What became of other messages
      </Anchor>
    </Stack>
  );
}
