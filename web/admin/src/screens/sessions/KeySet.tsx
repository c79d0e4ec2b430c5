// What a tenant's tokens are checked by, and where it is published.
import { Button, Group, Text } from "@mantine/core";
import { useState } from "react";
import { api } from "../../api/client";
import { Copy } from "../../parts/Copy";
import { Loaded } from "../../parts/Loaded";
import { Section } from "../../parts/Section";
import { useMay } from "../../session/me";

export function KeySet({ slug }: { slug: string }) {
  const may = useMay();
  const [shown, show] = useState(false);
  const set = api.useQuery(
    "get",
    "/admin/v1/tenants/{slug}/jwks",
    { params: { path: { slug } } },
    { enabled: may("keys.read") },
  );
  if (!may("keys.read")) {
    return null;
  }
  return (
    <Section
      title="Key set"
      lead="The public halves of the keys (JWKS), which your servers check tokens by. Give them this address, and let them remember what it says for five minutes."
    >
      <Loaded query={set} lines={2}>
        {({ url, jwks }) => {
          const json = JSON.stringify(jwks, null, 2);
          return (
            <>
              <Group gap={4} wrap="nowrap">
                <code className="code foreign">{url}</code>
                <Copy value={url} what="the address of the key set" />
              </Group>
              {jwks === null ? (
                <Text size="sm" c="dimmed">
                  There is no key set: sign-ins hand out no access tokens.
                </Text>
              ) : (
                <>
                  <Group gap="xs">
                    <Button size="compact-sm" variant="default" aria-expanded={shown} onClick={() => show(!shown)}>
                      {shown ? "Hide the document" : "Show the document"}
                    </Button>
                    <Copy value={json} what="the key set" />
                  </Group>
                  {shown && (
                    <Text component="pre" className="code foreign" fz="xs" m={0}>
                      {json}
                    </Text>
                  )}
                </>
              )}
            </>
          );
        }}
      </Loaded>
    </Section>
  );
}
