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
  /** Is called before the first request, before and after a refresh, and before anything else is saved. */
  load(): Tokens | undefined | Promise<Tokens | undefined>;
  /**
   * Is called with every change, with no tokens after a logout. What it throws is thrown by the method that brought the tokens; the client
   * itself goes on with them, and tries again with its next answer.
   */
  save(tokens: Tokens): void | Promise<void>;
  /** Calls back when another client has saved something, where the store can tell. The client looks at the session anew then. */
  onChange?(changed: () => void): void;
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

/** What is used of localStorage or sessionStorage. */
export interface WebStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/**
 * A store in localStorage or sessionStorage. Every script that gets into the page can read it there: on the web, the kind of client that has
 * cookies is the safer one. Clients of two tenants need a key each: they would show one's tokens to the other.
 */
export function inStorage(storage: WebStorage, key = "vestibule"): TokenStore {
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
    // Tabs hear of what another has done before they can read what it has saved: they have a process each.
    onChange: (changed) => {
      globalThis.addEventListener?.("storage", (event: { key?: string | null }) => {
        if (event.key === key || event.key === null) {
          changed();
        }
      });
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
    const claims = JSON.parse(ascii(payload));
    return { sub: String(claims.sub ?? ""), iat: Number(claims.iat) || 0, exp: Number(claims.exp) || 0 };
  } catch {
    return { sub: "", iat: 0, exp: 0 };
  }
}

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** What base64url says (RFC 4648, section 5), where that is ASCII. Phones need not have atob and TextDecoder: without claims no token is fresh. */
function ascii(text: string): string {
  let [said, held, bits] = ["", 0, 0];
  for (const digit of text) {
    held = ((held << 6) | digits.indexOf(digit)) & 0xfff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      said += String.fromCharCode((held >> bits) & 0xff);
    }
  }
  return said;
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
