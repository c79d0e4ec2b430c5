// What a new tenant needs before people use it, and whether it is done: read from the tenant itself, never remembered.

import { type Line, sh } from "../../parts/sh";
import type { Tenant } from "../../settings/draft";
import { type JsonObject, valueAt } from "../../settings/patch";

export interface Step {
  id: string;
  title: string;
  text: string;
  finished: boolean;
  link?: { label: string; to: string };
  command?: Line;
}

/** What is known of a tenant's people; undefined where it is not known yet, or not to be told to this operator. */
export interface Known {
  people?: boolean;
  activity?: boolean;
}

/** A command that asks the tenant's API how people sign in there. */
export function curl(tenant: Pick<Tenant, "public_url" | "slug" | "hosts">): Line {
  const header = tenant.hosts.length === 0 ? sh`-H ${`X-Tenant: ${tenant.slug}`}` : undefined;
  return sh`curl -sS ${header} ${`${tenant.public_url}/_allauth/app/v1/config`}`;
}

export function stepsOf(tenant: Tenant, known: Known): Step[] {
  const config = tenant.config as JsonObject;
  const set = (path: string) => valueAt(config, path.split(".")) !== undefined;
  const at = `/tenants/${tenant.slug}`;
  const reachable = tenant.hosts.length > 0 || set("public_url");
  const steps: Step[] = [
    {
      id: "host",
      title: "Give it an address",
      text: reachable
        ? `Links lead to ${tenant.public_url}. Have its hosts lead to this server by DNS.`
        : "It has neither a host nor a public URL: nobody reaches it.",
      finished: reachable,
      link: { label: "URLs, hosts and CORS", to: `${at}/urls` },
    },
    {
      id: "sender",
      title: "Say who its mail comes from",
      text: "Until it has a sender of its own, its mail comes from the server's. Send yourself a test afterwards.",
      finished: set("email.from") || set("email.smtp_url"),
      link: { label: "Email and SMS", to: `${at}/email` },
    },
  ];
  if (known.people !== undefined) {
    steps.push({
      id: "people",
      title: "Bring in the first user",
      text: "Invite somebody, or bring users along from another system with their passwords.",
      finished: known.people,
      link: { label: "Users", to: `${at}/users` },
    });
  }
  if (known.activity !== undefined) {
    steps.push({
      id: "api",
      title: "Try the API",
      text: "This says how people sign in here. It is done when the first one has signed in or up.",
      finished: known.activity,
      command: curl(tenant),
    });
  }
  return steps;
}
