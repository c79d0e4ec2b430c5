// A mail as mail programs show it, in a frame that runs nothing and loads nothing (see harmless.ts). Its ground is light, as
// most mails' is; a mail that has dark colours can be seen in those as well.
import { useEffect, useRef, useState } from "react";
import { harmless, type Scheme, tame, tameRules } from "./harmless";
import classes from "./MailFrame.module.css";

const ground = {
  light: ":root { color-scheme: light; background: #fff; color: #111; font-family: serif; }",
  dark: ":root { color-scheme: dark; background: #111; color: #eee; font-family: serif; }",
};

const own = `
  body { overflow-wrap: anywhere; }
  a { color: #1a55a5; text-decoration: underline; }
  .picture-elsewhere { display: inline-block; padding: 2px 6px; border: 1px dashed #767676; color: #444; font: 12px/1.6 system-ui, sans-serif; }
`;

function draw(page: Document, html: string, title: string, scheme: Scheme): void {
  const view = page.defaultView as (Window & typeof globalThis) | null;
  if (!view) {
    return;
  }
  const mail = harmless(html, page);
  const sheets = [ground[scheme] + own, ...mail.styles].map((text, i) => {
    const sheet = new view.CSSStyleSheet();
    sheet.replaceSync(text); // which leaves @import out
    if (i > 0) {
      tameRules(sheet.cssRules, scheme, (n) => sheet.deleteRule(n));
    }
    return sheet;
  });
  page.title = title;
  page.documentElement.lang = "en";
  page.adoptedStyleSheets = sheets;
  page.body.style.cssText = mail.bodyStyle;
  tame(page.body.style);
  page.body.className = mail.bodyClass;
  page.body.replaceChildren(mail.body);
}

export function MailFrame(props: { html: string; title: string; width: string; scheme: Scheme }) {
  const { html, title, width, scheme } = props;
  const frame = useRef<HTMLIFrameElement>(null);
  const [loaded, setLoaded] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a frame that was loaded anew is empty
  useEffect(() => {
    const page = frame.current?.contentDocument;
    if (page?.body) {
      draw(page, html, title, scheme);
    }
  }, [html, title, scheme, loaded]);
  return (
    <iframe
      ref={frame}
      className={classes.frame}
      title={title}
      sandbox="allow-same-origin"
      srcDoc=""
      onLoad={() => setLoaded((n) => n + 1)}
      style={{ width }}
    />
  );
}
