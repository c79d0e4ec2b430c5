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
    id: "microsoft",
    name: "Microsoft",
    where: "Microsoft Entra admin centre, App registrations.",
    needs: ["secret", "settings.tenant"],
    labels: { "settings.tenant": "Directory" },
  },
  {
    id: "openid_connect",
    name: "OpenID Connect",
    where:
      "Any server that describes itself by OpenID Connect Discovery, such as Keycloak, Okta, Auth0 or another Vestibule.",
    needs: ["provider_id", "settings.server_url", "secret"],
    labels: { provider_id: "Id of this server", "settings.server_url": "Issuer" },
  },
];

export const nameOf = (id: string): string => known.find((k) => k.id === id)?.name ?? id;
