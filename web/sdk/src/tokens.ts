// What an app is known by, and where it is kept.

/** All of them are secret: they are as good as a password until they expire. */
export interface Tokens {
  /** Opens the session, or a login that waits. */
  session?: string;
  /** A JWT for other servers, where the tenant hands them out. */
  access?: string;
  /** Buys the next two, once. */
  refresh?: string;
}

/**
 * Keeps the tokens of one user between runs of a program: in a phone's keychain, a file of mode 0600, a store of your own. Clients that
 * share one take over what the others have saved.
 */
export interface TokenStore {
  /** Is called before the first request, before a refresh, and where the session turns out to be over. */
  load(): Tokens | undefined | Promise<Tokens | undefined>;
  /** Is called with every change, with no tokens after a logout. */
  save(tokens: Tokens): void | Promise<void>;
}

/** A store that forgets when the program ends, or the page is left. */
export function inMemory(tokens: Tokens = {}): TokenStore {
  let held = tokens;
  return {
    load: () => held,
    save: (next) => {
      held = next;
    },
  };
}

/**
 * A store in localStorage or sessionStorage. Every script that gets into the page can read it there: on the web, the kind of client that has
 * cookies is the safer one.
 */
export function inStorage(storage: Pick<Storage, "getItem" | "setItem" | "removeItem">, key = "vestibule"): TokenStore {
  return {
    load: () => {
      try {
        return JSON.parse(storage.getItem(key) ?? "{}") as Tokens;
      } catch {
        return {}; // of somebody else, or of another version
      }
    },
    save: (tokens) => {
      if (Object.keys(tokens).length === 0) {
        storage.removeItem(key);
      } else {
        storage.setItem(key, JSON.stringify(tokens));
      }
    },
  };
}

interface Claims {
  sub: string;
  iat: number;
  exp: number;
}

/** What is read of an access token (RFC 7519, section 4.1), without having verified it; that is for the server that it is shown to. */
function claimsOf(token: string): Claims {
  try {
    const payload = token.split(".")[1] ?? "";
    const binary = atob(payload.replaceAll("-", "+").replaceAll("_", "/"));
    const claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(binary, (c) => c.charCodeAt(0))));
    return { sub: String(claims.sub ?? ""), iat: Number(claims.iat) || 0, exp: Number(claims.exp) || 0 };
  } catch {
    return { sub: "", iat: 0, exp: 0 };
  }
}

/** Whose an access token is; "" where it does not say. */
export const ownerOf = (token: string): string => claimsOf(token).sub;

/** Whether a token is good for half a minute at the least, or for a quarter of its life where that is shorter. */
export function fresh(token: string | undefined, now: number): token is string {
  if (!token) {
    return false;
  }
  const { iat, exp } = claimsOf(token);
  return now / 1000 + Math.min(30, (exp - iat) / 4) < exp;
}
