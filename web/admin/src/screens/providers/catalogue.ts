// Identity providers that the server has built in, and what each needs. Others are named by their id, and take what the schema has.

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

/** Settings of an app, by their paths in the schema. */
export type AppField =
  | "client_id"
  | "name"
  | "provider_id"
  | "secret"
  | "key"
  | `settings.${
      | "server_url"
      | "tenant"
      | "github_url"
      | "gitlab_url"
      | "certificate_key"
      | "hidden"
      | "scope"
      | "oauth_pkce_enabled"
      | "token_auth_method"
      | "uid_field"
      | "fetch_userinfo"
      | "email_authentication"
      | "email_authentication_auto_connect"
      | "verified_email"
      | "auth_params"
      | `idp.${"entity_id" | "metadata_url" | "sso_url" | "slo_url" | "x509cert"}`
      | "sp.entity_id"
      | `attribute_mapping.${"uid" | "email" | "email_verified" | "username" | "first_name" | "last_name"}`
      | "use_nameid_for_email"
      | `advanced.${"private_key" | "x509cert" | "name_id_format" | "authn_request_signed" | "want_message_signed" | "want_assertion_signed" | "want_assertion_encrypted" | "reject_idp_initiated_sso"}`}`;

/** What most people look for comes first, the others by name. */
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
  {
    id: "saml",
    name: "SAML",
    where:
      "Any server that speaks SAML 2.0, such as Entra ID, Okta, AD FS, Google Workspace or Shibboleth: there, the tenant is a service provider.",
    needs: ["provider_id", "settings.idp.entity_id", "settings.idp.metadata_url"],
    labels: { client_id: "Part of its addresses here" },
  },
  {
    id: "amazon",
    name: "Amazon",
    where: "Login with Amazon console, a security profile: its web settings.",
    needs: ["secret"],
  },
  {
    id: "atlassian",
    name: "Atlassian",
    where: "Atlassian developer console: an OAuth 2.0 integration with the scope read:me of the User identity API.",
    needs: ["secret"],
  },
  {
    id: "bitbucket_oauth2",
    name: "Bitbucket",
    where:
      "Bitbucket, the workspace's settings, OAuth consumers, with the permissions to read the account and its email.",
    needs: ["secret"],
    labels: { client_id: "Key", secret: "Secret" },
  },
  {
    id: "discord",
    name: "Discord",
    where: "Discord developer portal, Applications, OAuth2.",
    needs: ["secret"],
  },
  {
    id: "dropbox",
    name: "Dropbox",
    where: "Dropbox App Console, with the permission account_info.read.",
    needs: ["secret"],
    labels: { client_id: "App key", secret: "App secret" },
  },
  {
    id: "facebook",
    name: "Facebook",
    where: "Meta for Developers, My apps, with the product Facebook Login.",
    needs: ["secret"],
    labels: { client_id: "App ID", secret: "App secret" },
  },
  {
    id: "figma",
    name: "Figma",
    where: "Figma for developers, My apps, with the scope current_user:read.",
    needs: ["secret"],
  },
  {
    id: "kakao",
    name: "Kakao",
    where: "Kakao Developers, My applications, with Kakao Login activated.",
    needs: ["secret"],
    labels: { client_id: "REST API key" },
  },
  {
    id: "line",
    name: "LINE",
    where: "LINE Developers console: a LINE Login channel.",
    needs: ["secret"],
    labels: { client_id: "Channel ID", secret: "Channel secret" },
  },
  {
    id: "naver",
    name: "NAVER",
    where: "NAVER Developers, Application, with NAVER Login.",
    needs: ["secret"],
  },
  {
    id: "notion",
    name: "Notion",
    where: "Notion, Integrations: a public one.",
    needs: ["secret"],
    labels: { client_id: "OAuth client ID", secret: "OAuth client secret" },
  },
  {
    id: "reddit",
    name: "Reddit",
    where: "Reddit, Preferences, Apps: a web app.",
    needs: ["secret"],
  },
  {
    id: "spotify",
    name: "Spotify",
    where: "Spotify for Developers, Dashboard.",
    needs: ["secret"],
  },
  {
    id: "steam",
    name: "Steam",
    where:
      "Steam Community, Web API key. Without the key it works, too, but tells no names; the client ID can be any text.",
    needs: ["secret"],
    labels: { secret: "Web API key" },
  },
  {
    id: "strava",
    name: "Strava",
    where: "Strava, Settings, My API application.",
    needs: ["secret"],
  },
  {
    id: "telegram",
    name: "Telegram",
    where: "BotFather, in Telegram: a bot whose domain is set to that of the public URL.",
    needs: ["secret"],
    labels: { client_id: "Id of the bot", secret: "Token of the bot" },
  },
  {
    id: "twitch",
    name: "Twitch",
    where: "Twitch developer console, Applications.",
    needs: ["secret"],
  },
  {
    id: "vk",
    name: "VK",
    where: "VK ID for business, My apps: a web app. The secret can stay empty.",
    needs: ["secret"],
    labels: { client_id: "App ID", secret: "Secure key" },
  },
  {
    id: "weixin",
    name: "WeChat",
    where: "WeChat Open Platform: a website application.",
    needs: ["secret"],
    labels: { client_id: "AppID", secret: "AppSecret" },
  },
  {
    id: "twitter_oauth2",
    name: "X",
    where: "X developer portal: an app with user authentication by OAuth 2.0, of the type web app.",
    needs: ["secret"],
  },
  {
    id: "yandex",
    name: "Yandex",
    where: "Yandex OAuth, an app of the platform web services, with access to the login and the email address.",
    needs: ["secret"],
  },
  {
    id: "zoom",
    name: "Zoom",
    where: "Zoom App Marketplace, Develop: a general app with a scope to view its user.",
    needs: ["secret"],
  },
];

export const nameOf = (id: string): string => known.find((k) => k.id === id)?.name ?? id;
