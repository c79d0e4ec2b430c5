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

  /**
   * Leaves this page for an identity provider. Whoever comes back goes on to callbackURL, a path of this host or a page of the tenant's, with
   * `error` and `error_process` in its query where nothing came of it. It posts a form, since scripts cannot follow a redirect to another
   * origin: a Content-Security-Policy has to name the server and the provider in form-action, and a Referrer-Policy of no-referrer has browsers
   * hide where the form is from, which the server refuses: same-origin will do.
   */
  async goToProvider(provider: string, callbackURL: string, process: "login" | "connect" = "login"): Promise<void> {
    if (!this.#csrf()) {
      await this.once({ method: "GET", path: "config" });
    }
    const form = document.createElement("form");
    form.method = "post";
    form.action = `${this.transport.base}/_allauth/browser/v1/auth/provider/redirect`;
    const fields = { provider, callback_url: callbackURL, process, csrfmiddlewaretoken: this.#csrf() ?? "" };
    for (const [name, value] of Object.entries(fields)) {
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      field.value = value;
      form.append(field);
    }
    document.body.append(form);
    form.submit();
    form.remove();
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

  /** A CSRF token that is refused comes with one that fits. Vestibule says so; Django refuses by a page, of which nothing is read. */
  protected override overtaken(shown: Shown, { status, body }: Answer): boolean {
    const unproved = (body.errors ?? []).some((e) => e.code === "csrf_failed") || Object.keys(body).length === 0;
    return status === 403 && unproved && this.#csrf() !== shown.csrf;
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
