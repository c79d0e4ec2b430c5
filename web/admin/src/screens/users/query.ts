// Which users the address asks for, as the API and the command line take it.
import type { paths } from "../../api/admin";
import type { Search } from "../../parts/address";
import { type Line, sh } from "../../parts/sh";

type Query = NonNullable<paths["/admin/v1/tenants/{slug}/users"]["get"]["parameters"]["query"]>;

/** The filters, besides what is searched for. */
export const filters = [
  "active",
  "verified",
  "factor",
  "created_from",
  "created_until",
  "last_login_from",
  "last_login_until",
] as const;

const factors = ["any", "none", "totp", "webauthn", "recovery_codes"] as const;

const truth = (v: string | undefined) => (v === "true" ? true : v === "false" ? false : undefined);

export function queryOf(search: Search): Query {
  const found: Query = {
    q: search.q,
    active: truth(search.active),
    verified: truth(search.verified),
    factor: factors.find((f) => f === search.factor),
    created_from: search.created_from,
    created_until: search.created_until,
    last_login_from: search.last_login_from,
    last_login_until: search.last_login_until,
  };
  return Object.fromEntries(Object.entries(found).filter(([, v]) => v !== undefined)) as Query;
}

/** How many filters are set. */
export function filtered(search: Search): number {
  return filters.filter((name) => search[name]).length;
}

/** The command that lists the same. It knows no times. */
export function listCommand(slug: string, search: Search): Line {
  const flags = [
    search.q ? sh`-q ${search.q}` : undefined,
    ...(["active", "verified", "factor"] as const).map((name) =>
      search[name] ? sh`--${name} ${search[name]}` : undefined,
    ),
  ];
  return sh`admin user list --tenant ${slug} ${flags}`;
}
