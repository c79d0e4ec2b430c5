// Requests and answers, and nothing of what they mean.
import { Unreachable } from "./errors.ts";
import type { State } from "./session.ts";
import type { Fault, User } from "./types.ts";

/** What every client is told of its server. */
export interface Options {
  /**
   * The tenant's public URL, such as https://acme.example.org; in a page, its own origin unless another is given. It must be https, but for
   * hosts on loopback and the page's own.
   */
  url?: string;
  /** Allows http to other hosts, where passwords and tokens can be read on the way. */
  insecure?: boolean;
  /** The slug that is sent along to a host that tenants share. */
  tenant?: string;
  /** The header that it is sent in; X-Tenant unless another is given. */
  tenantHeader?: string;
  /** How long to wait for an answer, in milliseconds; 30,000 unless another is given, and as long as it takes with Infinity. */
  timeout?: number;
  /** Makes the requests in the place of the platform's fetch. */
  fetch?: typeof fetch;
}

/** A request, as a method of the client asks for it. */
export interface Request {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below /_allauth/{client}/v1/; or below the tenant's root, if it begins with a slash. */
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
  /** It stands for itself, and shows no session. */
  bare?: boolean;
  /** It may end its own session, and says so by 401. */
  ends?: boolean;
  /** Another time to wait for this one, in milliseconds. */
  timeout?: number;
}

/** What came back. */
export interface Answer {
  status: number;
  /** In seconds, where the answer says when to come back. */
  retryAfter: number | undefined;
  body: Body;
}

export interface Body {
  data?: unknown;
  errors?: Fault[];
  meta?: {
    is_authenticated?: boolean;
    is_authenticating?: boolean;
    session_token?: string;
    access_token?: string;
    refresh_token?: string;
    secret?: string;
    totp_url?: string;
    recovery_codes_generated?: boolean;
  };
}

/** The state of the session in an answer, if it tells one. */
export function stateOf({ body }: Answer): State | undefined {
  const { data } = body;
  if (typeof data !== "object" || data === null || !("flows" in data || "user" in data)) {
    return undefined;
  }
  const state = data as State;
  return state.user ? { ...state, user: userOf(state.user) } : state;
}

/** A user of an answer. Servers of django-allauth may number their users; an id is text here, as it is in access tokens. */
export function userOf(user: User): User {
  return typeof user.id === "number" ? { ...user, id: String(user.id) } : user;
}

export class Transport {
  /** The tenant's root, without a slash at its end. */
  readonly base: string;
  readonly #options: Options;
  readonly #kind: "app" | "browser";
  readonly #fetch: typeof fetch;

  constructor(kind: "app" | "browser", options: Options) {
    this.#kind = kind;
    this.#options = options;
    this.base = baseOf(options);
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
  }

  /** It throws Unreachable where there is no answer, or none of this API's. */
  async send(request: Request, shown: Record<string, string>): Promise<Answer> {
    const { tenant, tenantHeader = "X-Tenant", timeout = 30_000 } = this.#options;
    const { method, path, body } = request;
    const url = path.startsWith("/") ? this.base + path : `${this.base}/_allauth/${this.#kind}/v1/${path}`;
    const headers = headersOf({
      Accept: "application/json",
      ...(body !== undefined && { "Content-Type": "application/json" }),
      ...(tenant && { [tenantHeader]: tenant }),
      ...request.headers,
      ...shown,
    });
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const late = new AbortController();
    const wait = Math.min(request.timeout ?? timeout, 2 ** 31 - 1); // of more than that, timers make nothing
    const timer = setTimeout(() => late.abort(new Error("no answer in time")), wait);
    try {
      const response = await this.#fetch(url, {
        method,
        headers,
        ...sent,
        // Cookies are a browser's alone, and what anybody may read is read without: browsers want it so of a page on another host (Fetch,
        // section 3.3.5). Redirects would take what is secret elsewhere, and the API has none.
        credentials: this.#kind === "browser" && !request.bare ? "include" : "omit",
        redirect: "error",
        cache: "no-store",
        signal: late.signal,
      });
      return {
        status: response.status,
        retryAfter: secondsOf(response.headers.get("Retry-After")),
        body: await bodyOf(response),
      };
    } catch (error) {
      throw new Unreachable(error);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Platforms repeat in their errors what does not fit into a header. That may be a token. */
function headersOf(all: Record<string, string>): Headers {
  try {
    return new Headers(all);
  } catch {
    throw new TypeError(
      "the tenant, the name of its header, userAgent or a token is something that no header can hold",
    );
  }
}

/** The body of an answer. A refusal need not have one that can be read: it may be a proxy's. */
async function bodyOf(response: Response): Promise<Body> {
  try {
    const body: unknown = await response.json();
    return typeof body === "object" && body !== null ? (body as Body) : {};
  } catch (error) {
    if (response.ok) {
      throw error;
    }
    return {};
  }
}

/** Reads Retry-After, which is a number of seconds or a date (RFC 9110, section 10.2.3). */
function secondsOf(value: string | null): number | undefined {
  if (value && /^\d+$/.test(value)) {
    return Number(value);
  }
  const at = value ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - Date.now()) / 1000));
}

// The scheme, host, port and path of a URL. The class URL would know more of them, but React Native has long had no more of it than the name.
const rooted = /^([a-z][a-z\d+.-]*):\/\/(\[[\da-f:.]+\]|[^\s%/?#@:\\[\]]+)(:\d{1,5})?(\/[^\s?#\\]*)?$/i;

function baseOf({ url, insecure }: Options): string {
  const page = typeof location === "undefined" ? undefined : location.origin;
  const given = url ?? page;
  if (!given) {
    throw new TypeError("url is needed: the tenant's public URL, such as https://acme.example.org");
  }
  const [, scheme = "", name, port = "", path = ""] = rooted.exec(given.trim()) ?? [];
  if (!name) {
    throw new TypeError("url must be a scheme and a host, such as https://acme.example.org"); // it may hold what is secret
  }
  const [protocol, host] = [scheme.toLowerCase(), name.toLowerCase()];
  const origin = `${protocol}://${host}${port === (protocol === "https" ? ":443" : ":80") ? "" : port}`;
  const safe = protocol === "https" || origin === page || insecure || loopback(host);
  if (!safe || !/^https?$/.test(protocol)) {
    throw new TypeError("url must be https; the option insecure allows http to hosts that are not on loopback");
  }
  return origin + path.replace(/\/+$/, "");
}

/** Whether what is sent to a host stays on this machine (RFC 6761, section 6.3). */
function loopback(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127(\.\d+){3}$/.test(host);
}
