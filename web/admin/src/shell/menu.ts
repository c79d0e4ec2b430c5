// The one list of where one can go: the menu and the command palette both show it.
import {
  IconActivity,
  IconAlertTriangle,
  IconBuilding,
  IconFileCode,
  IconFingerprint,
  IconGauge,
  IconHistory,
  IconKey,
  IconLayoutDashboard,
  IconListDetails,
  IconLogin2,
  IconMail,
  IconPlugConnected,
  IconShieldCheck,
  IconShieldLock,
  IconStethoscope,
  IconTemplate,
  IconTrash,
  IconUserShield,
  IconUsers,
  IconWebhook,
  IconWorld,
} from "@tabler/icons-react";
import { type Me, may, type Permission } from "../session/may";

export interface Place {
  label: string;
  to: string;
  icon: typeof IconKey;
  /** What somebody needs to be shown it. */
  needs: Permission;
  /** Whether the places below its address are not its own. */
  alone?: boolean;
  /** Whether a role with one tenant is enough, whichever it is. */
  anywhere?: boolean;
  /** Whether the screen itself says so where the role can do nothing there. */
  speaks?: boolean;
  /** Other words that it may be looked for by. */
  words?: string;
}

export const platform: Place[] = [
  {
    label: "Overview",
    to: "/",
    alone: true,
    icon: IconLayoutDashboard,
    needs: "stats.read",
    words: "fleet dashboard health statistics",
  },
  {
    label: "Tenants",
    to: "/tenants",
    icon: IconBuilding,
    needs: "tenants.read",
    anywhere: true,
    words: "apps customers",
  },
  { label: "Audit log", to: "/audit", icon: IconHistory, needs: "audit.read", words: "events history" },
  {
    label: "Operators",
    to: "/operators",
    icon: IconUserShield,
    needs: "operators.read",
    words: "administrators team roles invite",
  },
  { label: "API tokens", to: "/tokens", icon: IconKey, needs: "tokens.read", words: "credentials ci" },
  {
    label: "Connection doctor",
    to: "/doctor",
    icon: IconStethoscope,
    needs: "doctor.run",
    words: "proxy client ip cors diagnose",
  },
  {
    label: "Deleted tenants",
    to: "/deleted-tenants",
    icon: IconTrash,
    needs: "tenants.delete",
    words: "restore purge bin",
  },
];

/** Whether a place is for somebody. */
export function open(place: Place, me: Me | undefined, slug?: string): boolean {
  return (
    may(me, place.needs, slug) ||
    (place.anywhere === true && me !== undefined && me.tenants.some((t) => t.permissions.includes(place.needs)))
  );
}

/** The place of the menu that an address belongs to; undefined for those that belong to none. */
export function placeAt(pathname: string, slug?: string): Place | undefined {
  const all = slug === undefined ? platform : ofTenant(slug).flatMap((group) => group.places);
  const path = pathname.replace(/\/$/, "") || "/";
  return all.find((p) => path === p.to || (!p.alone && path.startsWith(`${p.to}/`)));
}

/** The places of one tenant, in groups. */
export function ofTenant(slug: string): { label: string; places: Place[] }[] {
  const at = (part: string) => `/tenants/${slug}${part ? `/${part}` : ""}`;
  return [
    {
      label: "People",
      places: [
        { label: "Overview", to: at(""), alone: true, icon: IconGauge, needs: "tenants.read", words: "statistics" },
        {
          label: "Users",
          to: at("users"),
          icon: IconUsers,
          needs: "users.read",
          words: "accounts people invite export",
        },
        {
          label: "Imports",
          to: at("imports"),
          icon: IconListDetails,
          needs: "users.import",
          words: "csv ndjson migrate",
        },
      ],
    },
    {
      label: "Signing in",
      places: [
        {
          label: "Sign-in methods",
          to: at("sign-in-methods"),
          icon: IconLogin2,
          needs: "tenants.read",
          words: "password code signup verification",
        },
        {
          label: "Providers",
          to: at("providers"),
          icon: IconPlugConnected,
          needs: "tenants.read",
          words: "social google oidc saml callback",
        },
        {
          label: "Second factors",
          to: at("mfa"),
          icon: IconFingerprint,
          needs: "tenants.read",
          words: "mfa totp webauthn passkeys recovery",
        },
        {
          label: "Sessions and tokens",
          to: at("sessions"),
          icon: IconShieldLock,
          needs: "tenants.read",
          words: "jwt keys jwks rotate lifetime cookies",
        },
        {
          label: "Attack protection",
          to: at("protection"),
          icon: IconShieldCheck,
          needs: "tenants.read",
          words: "rate limits enumeration passwords breach",
        },
      ],
    },
    {
      label: "Connections",
      places: [
        {
          label: "URLs, hosts and CORS",
          to: at("urls"),
          icon: IconWorld,
          needs: "tenants.read",
          words: "domains origins frontend redirects",
        },
        {
          label: "Email and SMS",
          to: at("email"),
          icon: IconMail,
          needs: "tenants.read",
          words: "smtp twilio test sender",
        },
        {
          label: "Message templates",
          to: at("templates"),
          icon: IconTemplate,
          needs: "tenants.read",
          words: "mail texts preview",
        },
        {
          label: "Delivery log",
          to: at("messages"),
          icon: IconActivity,
          needs: "mail.read",
          words: "sent failed mail sms retry",
        },
        {
          label: "Webhooks",
          to: at("webhooks"),
          icon: IconWebhook,
          needs: "webhooks.read",
          words: "hooks deliveries replay",
        },
      ],
    },
    {
      label: "Keeping",
      places: [
        { label: "Audit log", to: at("audit"), icon: IconHistory, needs: "audit.read", words: "events history" },
        {
          label: "Configuration",
          to: at("config"),
          icon: IconFileCode,
          needs: "tenants.read",
          words: "yaml editor document",
        },
        { label: "Versions", to: at("versions"), icon: IconHistory, needs: "tenants.read", words: "roll back diff" },
        {
          label: "Connection doctor",
          to: at("doctor"),
          icon: IconStethoscope,
          needs: "doctor.run",
          words: "proxy cors cookies diagnose",
        },
        {
          label: "Danger zone",
          to: at("danger"),
          icon: IconAlertTriangle,
          needs: "tenants.suspend",
          speaks: true,
          words: "suspend delete export",
        },
      ],
    },
  ];
}
