import { Button, Checkbox, Stack } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { Section } from "../../parts/Section";
import type { Tenant } from "../../settings/draft";

/** Everything that a tenant holds, as a file. The browser fetches it by itself: it may be larger than a page can hold. */
export function Export({ tenant }: { tenant: Tenant }) {
  const [hashes, setHashes] = useState(false);
  const [usersOnly, setUsersOnly] = useState(false);
  const query = new URLSearchParams({ password_hashes: String(hashes), users_only: String(usersOnly) });
  return (
    <Section
      title="Export everything"
      lead="One file, one JSON object a line: the tenant, its secrets masked, and each user in the form that imports take. That it was exported is noted in the audit log."
      actions={
        <Button
          component="a"
          href={`/admin/v1/tenants/${encodeURIComponent(tenant.slug)}/export?${query}`}
          download={`${tenant.slug}${usersOnly ? "-users" : ""}.ndjson`}
          variant="default"
          leftSection={<IconDownload size={16} />}
        >
          Download
        </Button>
      }
    >
      <Stack gap="sm">
        <Checkbox
          label="With password hashes"
          description="Needed to take users to another system without new passwords. Whoever gets the file can try to guess the passwords: keep it as you would keep them."
          checked={hashes}
          onChange={(e) => setHashes(e.currentTarget.checked)}
        />
        <Checkbox
          label="Users only"
          description="Without the line of the tenant, so that the file can be imported as it is."
          checked={usersOnly}
          onChange={(e) => setUsersOnly(e.currentTarget.checked)}
        />
      </Stack>
    </Section>
  );
}
