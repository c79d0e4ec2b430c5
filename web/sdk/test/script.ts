// A server that says what it is told to, and remembers what it was asked.
import type { TokenStore, Tokens } from "../src/index.ts";

export interface Asked {
  method: string;
  /** With the query, without the origin. */
  path: string;
  headers: Headers;
  body: unknown;
  init: RequestInit;
}

export interface Said {
  status?: number;
  body?: unknown;
  headers?: Record<string, string>;
}

type Line = Said | ((asked: Asked) => Said | Promise<Said>);

/** Answers the nth request with the nth line, and all after the last with that. A line that throws is no answer at all. */
export function script(...lines: Line[]): { fetch: typeof fetch; asked: Asked[] } {
  const asked: Asked[] = [];
  return {
    asked,
    fetch: async (input, init = {}) => {
      const url = new URL(String(input));
      const now: Asked = {
        method: init.method ?? "GET",
        path: url.pathname + url.search,
        headers: new Headers(init.headers),
        body: typeof init.body === "string" ? JSON.parse(init.body) : undefined,
        init,
      };
      const line = lines[Math.min(asked.length, lines.length - 1)];
      asked.push(now);
      const gone = new Promise<never>((_, lost) =>
        init.signal?.addEventListener("abort", () => lost(init.signal?.reason)),
      );
      const said = typeof line === "function" ? await Promise.race([line(now), gone]) : (line ?? {});
      const { status = 200, body = { status }, headers = {} } = said;
      return new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers });
    },
  };
}

export const ann = {
  id: "0192f0c1-0000-7000-8000-000000000001",
  display: "ann",
  has_usable_password: true,
  email: "ann@example.org",
};
export const bob = { ...ann, id: "0192f0c1-0000-7000-8000-000000000002", display: "bob", email: "bob@example.org" };

export const signedIn = (user = ann, meta: Record<string, unknown> = {}): Said => ({
  body: { status: 200, data: { user, methods: [] }, meta: { is_authenticated: true, ...meta } },
});

export const signedOut = (
  flows: unknown[] = [{ id: "login" }],
  meta: Record<string, unknown> = {},
  status = 401,
): Said => ({
  status,
  body: { status, data: { flows }, meta: { is_authenticated: false, ...meta } },
});

/** An access token, as far as a client reads it: of a user, made and good for some seconds from now. */
export function access(of = ann.id, { since = 0, seconds = 300 } = {}): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (claims: unknown) => Buffer.from(JSON.stringify(claims)).toString("base64url");
  return `${part({ alg: "RS256" })}.${part({ sub: of, iat: now - since, exp: now - since + seconds })}.signature`;
}

/** A promise, and what keeps it. */
export function promise<T = void>(): { kept: Promise<T>; keep: (value: T) => void; breakIt: (why: unknown) => void } {
  let keep!: (value: T) => void;
  let breakIt!: (why: unknown) => void;
  const kept = new Promise<T>((done, failed) => {
    keep = done;
    breakIt = failed;
  });
  return { kept, keep, breakIt };
}

/** What a promise is rejected with. */
export async function thrownBy(act: Promise<unknown>): Promise<unknown> {
  try {
    await act;
  } catch (error) {
    return error;
  }
  throw new Error("it went well");
}

/** A store whose contents a test sees. */
export function store(held: Tokens = {}): TokenStore & { held: Tokens; saved: number } {
  return {
    held,
    saved: 0,
    load() {
      return this.held;
    },
    save(tokens) {
      this.held = tokens;
      this.saved++;
    },
  };
}
