// HTML of somebody else's, made into nodes that do nothing: no script runs, nothing is loaded, nothing leads anywhere. What is kept is listed;
// all else goes. The frame that shows it runs no scripts besides, and the page's policy allows none.

import { kept as keptStyle, unstyled } from "./unstyled";

const kept = new Set(
  (
    "alt title width height align valign bgcolor border cellpadding cellspacing colspan rowspan dir lang class color face size " +
    "start reversed nowrap"
  ).split(" "),
);

// Elements that go with all that is in them.
const gone =
  "script, style, link, meta, base, title, iframe, frame, frameset, object, embed, applet, portal, template, noscript, audio, video, " +
  "source, track, picture > source, form input, input, button, select, textarea, dialog, slot, svg, math, canvas, map, area";

/** What is shown of a mail. */
interface Harmless {
  body: DocumentFragment;
  /** What stands in its style elements. */
  styles: string[];
  /** The style of its body element. */
  bodyStyle: string;
  bodyClass: string;
}

/** Whether a value of CSS loads something. It is asked of what the browser made of the value, so that nothing is hidden by escapes. */
const loads = (value: string) =>
  /url\(|src\(|image-set\(|image\(/i.test(value.replaceAll(/url\(\s*["']?data:image\//gi, ""));

/** Takes what loads something out of a declaration. */
export function tame(style: CSSStyleDeclaration): void {
  for (const name of Array.from(style)) {
    const value = style.getPropertyValue(name);
    // Of a property of its own the browser makes nothing before it is used: what has escapes goes.
    if (loads(value) || (name.startsWith("--") && value.includes("\\"))) {
      style.removeProperty(name);
    }
  }
}

/** The colours that a mail is shown in: those of the reader's mail program, and not of these pages. */
export type Scheme = "light" | "dark";

/** A media query, with what it asks of the colours answered. */
const schemed = (media: string, scheme: Scheme): string =>
  media.replaceAll(/\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)/gi, (_, asked: string) =>
    asked.toLowerCase() === scheme ? "(min-width: 0px)" : "(max-width: 0px)",
  );

/** Takes what loads something out of a sheet's rules. */
export function tameRules(rules: CSSRuleList, scheme: Scheme, remove: (index: number) => void): void {
  for (let i = rules.length - 1; i >= 0; i--) {
    const rule = rules[i] as CSSRule & {
      style?: CSSStyleDeclaration;
      cssRules?: CSSRuleList;
      deleteRule?: (n: number) => void;
      media?: MediaList;
    };
    if (rule.media) {
      rule.media.mediaText = schemed(rule.media.mediaText, scheme);
    }
    if (rule.style && !rule.cssText.startsWith("@font-face")) {
      tame(rule.style);
    } else if (rule.style || rule.cssText.startsWith("@import")) {
      remove(i);
      continue;
    }
    if (rule.cssRules && rule.deleteRule) {
      tameRules(rule.cssRules, scheme, (n) => rule.deleteRule?.(n));
    }
  }
}

/** Makes nodes of HTML, for a document that they are to be in. Parsing runs and loads nothing: the parser's document is not shown. */
export function harmless(html: string, target: Document): Harmless {
  const { html: text, styles } = unstyled(html);
  const parsed = new DOMParser().parseFromString(text, "text/html");
  for (const element of parsed.querySelectorAll(gone)) {
    element.remove();
  }
  const styled: [Element, string][] = [];
  for (const element of parsed.body.querySelectorAll("*")) {
    const css = element.getAttribute(keptStyle);
    const href = element.getAttribute("href");
    const src = element.getAttribute("src");
    const picture = element.localName === "img" && /^data:image\/(png|jpeg|gif|webp);/i.test(src ?? "") ? src : null;
    for (const name of element.getAttributeNames()) {
      if (!kept.has(name)) {
        element.removeAttribute(name);
      }
    }
    if (css !== null) {
      styled.push([element, css]);
    }
    if (href !== null) {
      element.setAttribute("title", href);
    }
    if (element.localName === "img") {
      if (picture) {
        element.setAttribute("src", picture);
      } else {
        const words = parsed.createElement("span");
        words.textContent = `[Picture: ${element.getAttribute("alt") || "without a description"}]`;
        words.setAttribute("title", src ?? "");
        words.className = "picture-elsewhere";
        element.replaceWith(words);
      }
    }
  }
  const body = target.createDocumentFragment();
  const bodyStyle = parsed.body.getAttribute(keptStyle) ?? "";
  const bodyClass = parsed.body.className;
  body.append(...[...parsed.body.childNodes].map((node) => target.adoptNode(node)));
  // Adopted first: a declaration in text would be the policy's matter, one that is set is not.
  for (const [element, css] of styled) {
    const { style } = element as HTMLElement;
    if (style) {
      style.cssText = css;
      tame(style);
    }
  }
  return { body, styles, bodyStyle, bodyClass };
}
