// A mail as mail programs show it, in a frame that runs nothing and loads nothing (see harmless.ts). Its ground is light, as most mails' is.
import { useEffect, useRef, useState } from "react";
import { harmless, tame, tameRules } from "./harmless";
import classes from "./MailFrame.module.css";

const own = `
  :root { color-scheme: light; background: #fff; color: #111; font-family: serif; }
  body { overflow-wrap: anywhere; }
  a { color: #1a55a5; text-decoration: underline; }
  .picture-elsewhere { display: inline-block; padding: 2px 6px; border: 1px dashed #767676; color: #444; font: 12px/1.6 system-ui, sans-serif; }
`;

function draw(page: Document, html: string, title: string): void {
  const view = page.defaultView as (Window & typeof globalThis) | null;
  if (!view) {
    return;
  }
  const mail = harmless(html, page);
  const sheets = [own, ...mail.styles].map((text, i) => {
    const sheet = new view.CSSStyleSheet();
    sheet.replaceSync(text); // which leaves @import out
    if (i > 0) {
      tameRules(sheet.cssRules, (n) => sheet.deleteRule(n));
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

export function MailFrame({ html, title, width }: { html: string; title: string; width: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [loaded, setLoaded] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a frame that was loaded anew is empty
  useEffect(() => {
    const page = frame.current?.contentDocument;
    if (page?.body) {
      draw(page, html, title);
    }
  }, [html, title, loaded]);
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
