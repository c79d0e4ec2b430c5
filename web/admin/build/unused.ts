// Mantine's styles are one file, with those of every part that it has. A part that is not used here has no script in the build, so its
// classes are in none, and the rules that ask for them can never apply.

/** The classes that Mantine's parts go by. */
const classes = /\bm_[0-9a-f]{6,}\b/g;

export function classesIn(text: string): Set<string> {
  return new Set(text.match(classes));
}

/** The same styles without rules for such classes that are not among the used ones. */
export function withoutUnused(css: string, used: Set<string>): string {
  let out = "";
  let i = 0;
  while (i < css.length) {
    const end = endOf(css, i, "{;}");
    const head = css.slice(i, end);
    if (css[end] !== "{") {
      out += css.slice(i, end + 1); // a declaration, or a rule such as @layer a, b;
      i = end + 1;
      continue;
    }
    const close = endOf(css, end + 1, "}");
    const body = css.slice(end + 1, close);
    if (/^\s*@(layer|media|supports|container)\b/.test(head)) {
      const kept = withoutUnused(body, used);
      if (kept.trim() !== "" || head.trim() === "@layer") {
        out += `${head}{${kept}}`;
      }
    } else if (head.trim().startsWith("@")) {
      out += css.slice(i, close + 1);
    } else {
      const selectors = split(head).filter((s) => applies(s, used));
      if (selectors.length > 0) {
        out += `${selectors.join(",")}{${body}}`;
      }
    }
    i = close + 1;
  }
  return out;
}

/** Whether a selector asks for no class that is unused. What stands in brackets may be one of several, or none: it does not count. */
function applies(selector: string, used: Set<string>): boolean {
  let outside = selector;
  for (let before = ""; before !== outside; ) {
    before = outside;
    outside = outside.replace(/\([^()]*\)/g, "");
  }
  return [...classesIn(outside)].every((c) => used.has(c));
}

/** The selectors of a list. */
function split(list: string): string[] {
  const parts: string[] = [];
  let i = 0;
  while (i <= list.length) {
    const end = endOf(list, i, ",");
    parts.push(list.slice(i, end));
    i = end + 1;
  }
  return parts;
}

/** Where one of some characters comes next, outside of strings and of brackets that open after the start; else the end. */
function endOf(css: string, start: number, wanted: string): number {
  let depth = 0;
  for (let i = start; i < css.length; i++) {
    const c = css[i] as string;
    if (depth === 0 && wanted.includes(c)) {
      return i;
    }
    if (c === "\\") {
      i++;
    } else if (c === '"' || c === "'") {
      for (i++; i < css.length && css[i] !== c; i++) {
        if (css[i] === "\\") {
          i++;
        }
      }
    } else if (css.startsWith("/*", i)) {
      i = Math.max(css.indexOf("*/", i), i) + 1;
    } else if ("({[".includes(c)) {
      depth++;
    } else if (")}]".includes(c)) {
      depth--;
    }
  }
  return css.length;
}
