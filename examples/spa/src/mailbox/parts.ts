/** A stretch of a mail's text. */
export type Part =
  | { kind: "text"; text: string }
  | { kind: "code"; text: string }
  /** path is that of a page of this app, if the link leads to one. */
  | { kind: "link"; text: string; path?: string };

// An address, without what ends the sentence around it; or a code, which stands alone on its line or begins a text.
const found = /https?:\/\/[^\s<>"]*[^\s<>".,;:!?)']|^[A-Z0-9]{3,}(?:-[A-Z0-9]{3,})?(?=$| is your code)/gm;

/** The pages of this app that mails lead to (the tenant's headless.frontend_urls). */
const pages = /^\/(?:verify-email\/|reset-password\/|forgot-password$|signup$)/;

/** The text of a mail, with its links and codes told apart. */
export function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const { 0: match, index } of text.matchAll(found)) {
    parts.push({ kind: "text", text: text.slice(end, index) });
    parts.push(match.includes("://") ? linkOf(match) : { kind: "code", text: match });
    end = index + match.length;
  }
  parts.push({ kind: "text", text: text.slice(end) });
  return parts.filter((part) => part.text !== "");
}

function linkOf(text: string): Part {
  const path = URL.canParse(text) ? new URL(text).pathname : "";
  return pages.test(path) ? { kind: "link", text, path } : { kind: "link", text };
}
