// The page's policy concerns HTML that is parsed, too: a style attribute in it is refused, and complained of. So what is style is taken out
// of the text before, to be put back by means that the policy allows. What this misses stays without style, and does no harm.

/** The name that style attributes have meanwhile. */
export const kept = "data-mail-style";

interface Unstyled {
  html: string;
  /** What stood in style elements. */
  styles: string[];
}

// Elements that speak to the page that they are in, and say nothing to readers.
const page = new Set(["base", "link", "meta"]);

const space = /[\t\n\f\r ]/;

/** Takes style elements, style attributes and the attributes that are scripts out of HTML. One pass, whatever the text is. */
export function unstyled(html: string): Unstyled {
  const out: string[] = [];
  const styles: string[] = [];
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf("<", at);
    if (open < 0) {
      break;
    }
    out.push(html.slice(at, open));
    if (html.startsWith("<!--", open)) {
      const end = html.indexOf("-->", open + 4);
      at = end < 0 ? html.length : end + 3; // comments say nothing to anybody
      continue;
    }
    if (!/[a-z]/i.test(html[open + 1] ?? "")) {
      out.push("<");
      at = open + 1;
      continue;
    }
    const tag = readTag(html, open);
    at = tag.end;
    if (tag.name === "style") {
      const close = html.slice(at).search(/<\/style/i);
      const end = close < 0 ? html.length : at + close;
      styles.push(html.slice(at, end));
      const after = html.indexOf(">", end);
      at = close < 0 || after < 0 ? html.length : after + 1;
      continue;
    }
    if (!page.has(tag.name)) {
      out.push(tag.text);
    }
  }
  out.push(html.slice(at));
  return { html: out.join(""), styles };
}

/** A tag, with other names for the attributes that are style or scripts. */
function readTag(html: string, open: number): { name: string; text: string; end: number } {
  let at = open + 1;
  const until = (stop: RegExp) => {
    const from = at;
    while (at < html.length && !stop.test(html[at] ?? "")) {
      at++;
    }
    return html.slice(from, at);
  };
  const name = until(/[\t\n\f\r />]/);
  const out = [`<${name}`];
  while (at < html.length && html[at] !== ">") {
    const between = until(/[^\t\n\f\r /]/);
    out.push(between);
    if (at >= html.length || html[at] === ">") {
      break;
    }
    const first = html[at] === "=" ? html[at++] : "";
    const attribute = first + until(/[\t\n\f\r />=]/);
    out.push(renamed(attribute));
    const gap = at;
    while (space.test(html[at] ?? "")) {
      at++;
    }
    if (html[at] !== "=") {
      at = gap;
      continue;
    }
    at++;
    until(/[^\t\n\f\r ]/);
    const quote = html[at];
    if (quote === '"' || quote === "'") {
      const close = html.indexOf(quote, at + 1);
      const end = close < 0 ? html.length : close + 1;
      out.push("=", html.slice(at, end));
      at = end;
    } else {
      out.push("=", until(/[\t\n\f\r >]/));
    }
  }
  out.push(html[at] === ">" ? ">" : "");
  return { name: name.toLowerCase(), text: out.join(""), end: Math.min(at + 1, html.length) };
}

function renamed(attribute: string): string {
  const name = attribute.toLowerCase();
  if (name === "style") {
    return kept;
  }
  return name.startsWith("on") ? `data-mail-${name}` : attribute;
}
