// What addresses come to where they are not set: as package tenants works them out.
import { hostWithoutPort } from "../../parts/host";
import type { Draft } from "../../settings/draft";

/** The tenant's public URL by the draft; "" where there is none. */
export function publicURL(draft: Pick<Draft, "value">): string {
  const given = draft.value("config.public_url");
  if (typeof given === "string" && given !== "") {
    return given.replace(/\/+$/, "");
  }
  const first = ((draft.value("hosts") ?? []) as string[])[0];
  return first ? `https://${first}` : "";
}

/** A default of the schema such as "<public_url>/account/signup", for this tenant. */
export function filled(text: string | undefined, url: string): string | undefined {
  return text && url ? text.replace("<public_url>", url) : undefined;
}

/** What the cookies' domain, SameSite and Secure come to together, in a sentence or two. */
export function cookiesInWords(settings: {
  url: string;
  domain: string;
  sameSite: string;
  secure: boolean | undefined;
}): string {
  const { url, domain, sameSite, secure } = settings;
  const host = hostWithoutPort(url) || "the tenant's host";
  const over = (secure ?? !url.startsWith("http://")) ? "over https alone" : "over plain http, too";
  const where = domain
    ? `${domain.replace(/^\./, "")} and every domain below it: pages there can read the CSRF token, and see who is signed in`
    : `${host} alone: front ends on other hosts cannot read the CSRF token`;
  const from = {
    Lax: "Other sites can link here, and people stay signed in; forms and scripts of theirs are nobody's",
    Strict: "Whoever comes by a link from another site is a stranger at first",
    None: "Pages of any site send them along; what holds those off is the list of origins and the CSRF token",
  }[sameSite];
  return `Cookies are kept for ${where}. They are sent ${over}. ${from ?? ""}.`;
}
