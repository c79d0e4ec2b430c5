// What a file of users looks like, for whoever has none yet.
import { Button, Group, Stack, Tabs, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { Copy } from "../../parts/Copy";
import { download } from "../../parts/download";

const samples = {
  ndjson: {
    label: "NDJSON",
    file: "users.ndjson",
    type: "application/x-ndjson",
    text: `{"id": 17, "email": "ann@example.org", "email_verified": true, "name": "Ann Archer", "password_hash": "pbkdf2_sha256$600000$c2FsdHNhbHQ$7R2KkO1oPAq1Mr5pYT+0uQFnQ3cSyqyM1yb3hGQ6dHs=", "created_at": "2020-01-02T03:04:05Z"}
{"id": 18, "username": "bob", "emails": [{"email": "bob@example.org", "verified": true, "primary": true}], "metadata_public": {"plan": "team"}}
`,
    says: "One JSON object on each line. It can hold everything: several addresses, authenticators, accounts with providers, metadata.",
  },
  csv: {
    label: "CSV",
    file: "users.csv",
    type: "text/csv",
    text: `id,email,email_verified,name,username,phone,metadata_public
17,ann@example.org,true,Ann Archer,ann,+31612345678,"{""plan"": ""team""}"
18,bob@example.org,false,"Bell, Bob",bob,,
`,
    says: "The first line names the columns. An empty field is not there; lists and objects are JSON in quotes.",
  },
} as const;

export function Formats() {
  return (
    <Stack gap="sm">
      <Tabs defaultValue="ndjson" keepMounted={false}>
        <Tabs.List>
          {Object.entries(samples).map(([key, s]) => (
            <Tabs.Tab key={key} value={key}>
              {s.label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {Object.entries(samples).map(([key, s]) => (
          <Tabs.Panel key={key} value={key} pt="sm">
            <Stack gap="xs">
              <Text size="sm">{s.says}</Text>
              <pre className="sample code">{s.text}</pre>
              <Group gap="xs">
                <Button
                  variant="default"
                  size="xs"
                  leftSection={<IconDownload size={14} />}
                  onClick={() => download(s.text, s.file, s.type)}
                >
                  Download this sample
                </Button>
                <Copy value={s.text} what={`the sample of ${s.label}`} />
              </Group>
            </Stack>
          </Tabs.Panel>
        ))}
      </Tabs>
      <Text size="sm" c="dimmed">
        Members: <code className="code">id</code>, <code className="code">username</code>,{" "}
        <code className="code">name</code>, <code className="code">email</code> and{" "}
        <code className="code">email_verified</code> (or <code className="code">emails</code>),{" "}
        <code className="code">phone</code>, <code className="code">phone_verified</code>,{" "}
        <code className="code">password_hash</code>, <code className="code">active</code>,{" "}
        <code className="code">created_at</code>, <code className="code">last_login_at</code>,{" "}
        <code className="code">metadata_public</code>, <code className="code">metadata_private</code>,{" "}
        <code className="code">authenticators</code>, <code className="code">provider_accounts</code>. All are optional,
        but each row needs an address, a username, a number or a provider account. Passwords come along as hashes:
        argon2, bcrypt, scrypt, PBKDF2 and others.
      </Text>
    </Stack>
  );
}
