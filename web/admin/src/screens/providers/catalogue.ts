// Identity providers that are known by name, and what each needs. Others are named by their id, and take what the schema has.

export interface Known {
  id: string;
  name: string;
  /** Where an app is registered, in words. */
  where: string;
  /** The fields that the provider needs beside the client id, by their names in the schema. */
  needs: AppField[];
  /** What the fields are called there, where that differs. */
  labels?: Partial<Record<AppField, string>>;
}

export type AppField =
  | "provider_id"
  | "secret"
  | "key"
  | "settings.server_url"
  | "settings.tenant"
  | "settings.github_url"
  | "settings.gitlab_url"
  | "settings.certificate_key";

export const known: Known[] = [
  {
    id: "google",
    name: "Google",
    where: "Google Cloud console, APIs and services, Credentials: an OAuth client of the type web application.",
    needs: ["secret"],
  },
  {
    id: "apple",
    name: "Apple",
    where: "Apple Developer, Certificates, identifiers and profiles: a Services ID, and a key for Sign in with Apple.",
    needs: ["secret", "key", "settings.certificate_key"],
    labels: { secret: "Key ID", key: "Team ID", "settings.certificate_key": "Private key (.p8)" },
  },
  {
    id: "github",
    name: "GitHub",
    where: "GitHub, Settings, Developer settings, OAuth apps.",
    needs: ["secret", "settings.github_url"],
    labels: { "settings.github_url": "Address of your own GitHub server" },
  },
  {
    id: "gitlab",
    name: "GitLab",
    where: "GitLab, Preferences, Applications, with the scope read_user.",
    needs: ["secret", "settings.gitlab_url"],
    labels: { "settings.gitlab_url": "Address of your own GitLab" },
  },
  {
    id: "linkedin_oauth2",
    name: "LinkedIn",
    where: "LinkedIn Developers, My apps, with the product Sign In with LinkedIn using OpenID Connect.",
    needs: ["secret"],
  },
  {
    id: "microsoft",
    name: "Microsoft",
    where: "Microsoft Entra admin centre, App registrations.",
    needs: ["secret", "settings.tenant"],
    labels: { "settings.tenant": "Directory" },
  },
  {
    id: "slack",
    name: "Slack",
    where: "Slack API, Your apps, with the user scopes openid, profile and email.",
    needs: ["secret"],
  },
  {
    id: "salesforce",
    name: "Salesforce",
    where: "Salesforce, Setup, App manager: an app with the OAuth scopes openid and id.",
    needs: ["secret", "settings.server_url"],
    labels: { "settings.server_url": "Address of your own domain there" },
  },
  {
    id: "auth0",
    name: "Auth0",
    where: "Auth0 dashboard, Applications: a regular web application.",
    needs: ["settings.server_url", "secret"],
  },
  {
    id: "keycloak",
    name: "Keycloak",
    where: "Keycloak, the realm's Clients: an OpenID Connect client with client authentication.",
    needs: ["settings.server_url", "secret"],
  },
  {
    id: "okta",
    name: "Okta",
    where: "Okta admin console, Applications: an OpenID Connect web application.",
    needs: ["settings.server_url", "secret"],
  },
  {
    id: "openid_connect",
    name: "OpenID Connect",
    where:
      "Any server that describes itself by OpenID Connect Discovery, such as Authentik, ZITADEL, Dex or another Vestibule.",
    needs: ["provider_id", "settings.server_url", "secret"],
    labels: { provider_id: "Id of this server", "settings.server_url": "Issuer" },
  },
];

export const nameOf = (id: string): string => known.find((k) => k.id === id)?.name ?? id;
