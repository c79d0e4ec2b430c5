import { type ReactNode, useEffect, useRef } from "react";

interface PageProps {
  title: string;
  /** A sentence or two below the title. */
  lead?: ReactNode;
  /** How much room there is: for a form, or for lists. */
  wide?: boolean;
  children?: ReactNode;
}

/** A page with its title. Readers of the screen are told of it, since no browser does so within a single-page app. */
export function Page({ title, lead, wide, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const within = heading.current?.closest("article")?.contains(document.activeElement); // a field that takes the focus keeps it
    if (!within) {
      heading.current?.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    }
  }, []);
  return (
    <article className={wide ? "page wide" : "page"}>
      <title>{`${title} · Vestibule demo`}</title>
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {lead && <p className="lead">{lead}</p>}
      {children}
    </article>
  );
}
