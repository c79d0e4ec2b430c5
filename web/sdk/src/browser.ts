import { Client, type Shown } from "./client.ts";
import type { Answer, Options, Request } from "./transport.ts";

export interface BrowserOptions extends Options {
  /** The tenant's cookies.csrf_name; csrftoken unless another is given. */
  csrfCookie?: string;
  /** Tells the CSRF token where there is no document with cookies to read it from. */
  csrf?: () => string | undefined;
}

/**
 * The client of a page that shares a site with the server. The browser keeps its session in a cookie that no script can read; with every
 * change it proves, by the CSRF token, that it comes from the tenant's own pages.
 */
export class BrowserClient extends Client {
  readonly #csrf: () => string | undefined;

  constructor(options: BrowserOptions = {}) {
    super("browser", options);
    this.#csrf = options.csrf ?? (() => cookie(options.csrfCookie ?? "csrftoken"));
  }

  protected override async show(request: Request): Promise<{ shown: Shown; headers: Record<string, string> }> {
    if (request.method === "GET") {
      return { shown: {}, headers: {} };
    }
    if (!this.#csrf()) {
      await this.once({ method: "GET", path: "config" }); // which brings the first one
    }
    const csrf = this.#csrf();
    return csrf ? { shown: { csrf }, headers: { "X-CSRFToken": csrf } } : { shown: {}, headers: {} };
  }

  protected override async keep(): Promise<void> {} // the browser does

  /** A CSRF token that is refused comes with one that fits. */
  protected override overtaken(shown: Shown, { status, body }: Answer): boolean {
    return status === 403 && (body.errors ?? []).some((e) => e.code === "csrf_failed") && this.#csrf() !== shown.csrf;
  }
}

/** The value of a cookie that scripts may read. */
function cookie(name: string): string | undefined {
  const jar = typeof document === "undefined" ? "" : document.cookie;
  for (const pair of jar.split("; ")) {
    if (pair.startsWith(`${name}=`)) {
      return pair.slice(name.length + 1);
    }
  }
  return undefined;
}
