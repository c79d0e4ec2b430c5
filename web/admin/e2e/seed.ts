// Something to look at: a tenant with people, a webhook, an import, mail and a history.
import type { Server } from "./server";

export interface Seeded {
  /** The id of a user of the demo tenant with some of everything. */
  user: string;
  webhook: string;
  import: string;
}

export async function seed(server: Server): Promise<Seeded> {
  await server.admin("POST", "/tenants", { slug: "acme", name: "Acme Rockets", hosts: ["auth.acme.example"] });
  await server.admin("POST", "/tenants", {
    slug: "hostile",
    name: `"><img src=x onerror=alert(1)> Ltd`,
    hosts: ["hostile.example"],
    config: { branding: { name: "<script>alert(1)</script>", logo_url: "https://tracker.invalid/logo.svg" } },
  });
  await server.app("POST", "/auth/signup", { email: "ann@example.org", username: "ann", password: "Kestrel-Orbit-49" });
  await server.app("POST", "/auth/login", { email: "ann@example.org", password: "wrong-password" });
  const people = ["ben", "cleo", "dan", "eva", "finn", "grace"];
  for (const name of people) {
    await server.admin("POST", "/tenants/demo/users", {
      email: `${name}@example.org`,
      name: name.charAt(0).toUpperCase() + name.slice(1),
      email_verified: name < "e",
      metadata_public: { plan: "free" },
    });
  }
  const page = (await server.admin("GET", "/tenants/demo/users?q=ann@example.org")) as { items: { id: string }[] };
  const user = page.items[0]?.id ?? "";
  await server.admin("PATCH", `/tenants/demo/users/${user}`, {
    name: "Ann Lee",
    metadata_public: { plan: "team" },
    metadata_private: { crm: 4711 },
  });
  const webhook = (await server.admin("POST", "/tenants/demo/webhooks", {
    url: "https://hooks.example.org/vestibule",
    events: ["user.*"],
    description: "The data warehouse",
  })) as { id: string };
  const job = (await server.admin("POST", "/tenants/demo/imports", { format: "ndjson", total_lines: 2 })) as {
    id: string;
  };
  await fetch(`${server.operatorsURL}/admin/v1/tenants/demo/imports/${job.id}/chunks/1`, {
    method: "PUT",
    headers: { Authorization: `Bearer ${server.token}`, "Content-Type": "application/x-ndjson" },
    body: `${JSON.stringify({
      email: "hugo@example.org",
      provider_accounts: [
        { provider: "google", uid: "10769150350006150715113082367", display: "hugo@elsewhere.example" },
        { provider: "github", uid: "583231" },
      ],
    })}\n{"email":"not an address"}\n`,
  }).then(async (r) => {
    if (!r.ok) {
      throw new Error(`chunk: ${r.status} ${await r.text()}`);
    }
  });
  await server.admin("POST", `/tenants/demo/imports/${job.id}/start`);
  await server.admin("POST", `/tenants/demo/webhooks/${webhook.id}/test`);
  return { user, webhook: webhook.id, import: job.id };
}

/** What is seldom there: bins that are not empty, a history of settings, colleagues, tokens, words of a tenant's own. */
export async function seedMore(server: Server): Promise<void> {
  for (const note of ["Shorter sessions", "Back to two weeks"]) {
    await server.admin("PATCH", "/tenants/demo", {
      config: { cookies: { session_age: note.startsWith("S") ? 86_400 : 1_209_600 } },
      note,
    });
  }
  await server.admin("PUT", "/tenants/demo/templates/email_confirmation", {
    subject: "Welcome to {{.tenant}}",
    text: "Hello! Follow this link to prove your address: {{.url}}",
  });
  const leaver = (await server.admin("POST", "/tenants/demo/users", { email: "ivan@example.org", name: "Ivan" })) as {
    id: string;
  };
  await server.admin("DELETE", `/tenants/demo/users/${leaver.id}`);
  await server.admin("POST", "/tenants", { slug: "pilot", name: "Pilot of last year", hosts: ["pilot.example"] });
  await server.admin("DELETE", "/tenants/pilot");
  await server.admin("POST", "/tenants/acme/suspend", { note: "Not paid" });
  await server.admin("POST", "/operators", {
    email: "sam@example.org",
    name: "Sam",
    grants: [{ role: "support", tenant: "demo" }],
  });
  await server.admin("POST", "/tokens", { name: "Deployment", grants: [{ role: "developer", tenant: "demo" }] });
}
