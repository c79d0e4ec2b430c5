// The settings of an app at an identity provider: which of them a provider's has, what they are called, and what they mean where the schema
// says it for all of them at once.
import { type AppField, known } from "./catalogue";

/** Fields that stand together, and what is said of all of them. */
export interface Fields {
  title?: string;
  lead?: string;
  /** The setting that they are the parts of, where faults are told of it as a whole. */
  of?: string;
  fields: AppField[];
}

const unnamed: AppField[] = ["provider_id", "secret", "key", "settings.server_url"];

/** What an app cannot do without. */
export function neededBy(provider: string): Fields[] {
  const needs = known.find((k) => k.id === provider)?.needs ?? unnamed;
  const first: Fields = { fields: ["client_id", "name", ...needs] };
  return provider === "saml" ? [first, withoutMetadata] : [first];
}

/** What most apps leave as it is. */
export function moreOf(provider: string): Fields[] {
  if (provider === "saml") {
    return [{ fields: ["settings.hidden", ...trust] }, attributes, speech];
  }
  const named = neededBy(provider).some((part) => part.fields.includes("provider_id"));
  return [{ fields: [...(named ? [] : (["provider_id"] as const)), ...usual] }];
}

const trust: AppField[] = [
  "settings.email_authentication",
  "settings.email_authentication_auto_connect",
  "settings.verified_email",
];

const usual: AppField[] = [
  "settings.hidden",
  "settings.scope",
  "settings.oauth_pkce_enabled",
  "settings.token_auth_method",
  "settings.uid_field",
  "settings.fetch_userinfo",
  ...trust,
  "settings.auth_params",
];

const withoutMetadata: Fields = {
  title: "If it publishes no metadata",
  fields: ["settings.idp.sso_url", "settings.idp.slo_url", "settings.idp.x509cert"],
};

const attributes: Fields = {
  title: "Which attributes tell what",
  lead: "By their names at the provider, the one to prefer first; NameID stands for that. Once one is named here, no usual one counts any more.",
  of: "settings.attribute_mapping",
  fields: [
    "settings.attribute_mapping.uid",
    "settings.attribute_mapping.email",
    "settings.attribute_mapping.email_verified",
    "settings.attribute_mapping.username",
    "settings.attribute_mapping.first_name",
    "settings.attribute_mapping.last_name",
    "settings.use_nameid_for_email",
  ],
};

const speech: Fields = {
  title: "How the two speak",
  fields: [
    "settings.advanced.name_id_format",
    "settings.sp.entity_id",
    "settings.advanced.reject_idp_initiated_sso",
    "settings.advanced.want_message_signed",
    "settings.advanced.want_assertion_signed",
    "settings.advanced.authn_request_signed",
    "settings.advanced.want_assertion_encrypted",
    "settings.advanced.private_key",
    "settings.advanced.x509cert",
  ],
};

/** What a field is called, unless the provider calls it otherwise. */
export const labelOf = (provider: string, field: AppField): string =>
  known.find((k) => k.id === provider)?.labels?.[field] ?? labels[field];

const labels: Record<AppField, string> = {
  client_id: "Client ID",
  name: "Name",
  provider_id: "Id of this app",
  secret: "Client secret",
  key: "Key",
  "settings.server_url": "Issuer",
  "settings.tenant": "Directory",
  "settings.github_url": "Address of your own server",
  "settings.gitlab_url": "Address of your own server",
  "settings.certificate_key": "Private key",
  "settings.hidden": "Leave it out of front ends' lists",
  "settings.scope": "Scopes",
  "settings.oauth_pkce_enabled": "PKCE",
  "settings.token_auth_method": "How the client authenticates",
  "settings.uid_field": "Claim that identifies people",
  "settings.fetch_userinfo": "Fetch the profile, too",
  "settings.email_authentication": "A verified address signs in",
  "settings.email_authentication_auto_connect": "And connects for good",
  "settings.verified_email": "Addresses count as verified",
  "settings.auth_params": "Parameters of the request",
  "settings.idp.entity_id": "Entity ID of the provider",
  "settings.idp.metadata_url": "Address of its metadata",
  "settings.idp.sso_url": "Sign-in address",
  "settings.idp.slo_url": "Sign-out address",
  "settings.idp.x509cert": "Certificate of the provider",
  "settings.sp.entity_id": "Entity ID of the tenant",
  "settings.attribute_mapping.uid": "Who somebody is",
  "settings.attribute_mapping.email": "Email address",
  "settings.attribute_mapping.email_verified": "Whether the address is verified",
  "settings.attribute_mapping.username": "Username",
  "settings.attribute_mapping.first_name": "First name",
  "settings.attribute_mapping.last_name": "Last name",
  "settings.use_nameid_for_email": "The NameID is an email address",
  "settings.advanced.name_id_format": "NameID to ask for",
  "settings.advanced.reject_idp_initiated_sso": "People may begin at the provider",
  "settings.advanced.want_message_signed": "Responses must be signed",
  "settings.advanced.want_assertion_signed": "Assertions must be signed",
  "settings.advanced.authn_request_signed": "Sign requests",
  "settings.advanced.want_assertion_encrypted": "Assertions must be encrypted",
  "settings.advanced.private_key": "Private key of the tenant",
  "settings.advanced.x509cert": "Certificate of the tenant",
};

/** What a field means, where the schema only says that it is the provider's, or says it of several providers. */
export const meaningOf = (provider: string, field: AppField): string | undefined =>
  provider === "saml" && field in ofSAML ? ofSAML[field] : meanings[field];

const ofSAML: Partial<Record<AppField, string>> = {
  client_id: "A short name of your choice, which its addresses here have in them.",
  provider_id: "What the API calls it. Needed where there are several that speak SAML.",
};

const meanings: Partial<Record<AppField, string>> = {
  client_id: "The id that the provider gave the app.",
  "settings.scope": "What to ask for, instead of the provider's usual ones.",
  "settings.oauth_pkce_enabled": "Protects the exchange of the code.",
  "settings.fetch_userinfo": "On top of what the id token says.",
  "settings.email_authentication":
    "In to the account that has it. Only for providers that you trust with every account.",
  "settings.email_authentication_auto_connect": "Such a sign-in connects the two.",
  "settings.verified_email": "Although the provider does not say so: true, or a list of domains.",
  "settings.auth_params": "Added to the authorization request.",
  "settings.idp.entity_id": "What it calls itself: an address or a URN, as its metadata says.",
  "settings.idp.metadata_url": "What it says of itself there takes the place of the three below.",
  "settings.idp.sso_url": "Where people are sent to sign in (HTTP-Redirect).",
  "settings.idp.slo_url": "Where its sign-outs are answered (HTTP-Redirect); none without it.",
  "settings.idp.x509cert": "Of the key that it signs with, in PEM or base64.",
  "settings.sp.entity_id": "What it knows the tenant by; if empty, the address of the metadata.",
  "settings.attribute_mapping.uid": "What stays somebody's for ever, and is never anybody else's.",
  "settings.attribute_mapping.email_verified": "True, yes or 1 in it means that it is.",
  "settings.use_nameid_for_email": "Whatever its format says.",
  "settings.advanced.reject_idp_initiated_sso":
    "From a list of apps there. Whoever does is sent back at once with a request, and answers that.",
  "settings.advanced.name_id_format": "The kind of name that it tells people by.",
  "settings.advanced.want_message_signed": "The response itself. It or the assertion in it always has to be.",
  "settings.advanced.want_assertion_signed": "The assertion in a response itself.",
  "settings.advanced.authn_request_signed": "Needs the private key below.",
  "settings.advanced.want_assertion_encrypted": "Needs the private key below.",
  "settings.advanced.private_key": "Signs requests, and opens assertions that are encrypted. In PEM; it has to be RSA.",
};

/** What may be chosen where the schema takes any text. */
export const choicesOf: Partial<Record<AppField, { value: string; label: string }[]>> = {
  "settings.advanced.name_id_format": [
    { value: "", label: "Whatever the provider likes" },
    { value: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", label: "An id that stays (persistent)" },
    { value: "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress", label: "An email address (emailAddress)" },
    { value: "urn:oasis:names:tc:SAML:2.0:nameid-format:transient", label: "A new one each time (transient)" },
    { value: "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified", label: "Unspecified" },
  ],
};

/** Switches that mean the opposite of their setting. */
export const turned: AppField[] = ["settings.advanced.reject_idp_initiated_sso"];
