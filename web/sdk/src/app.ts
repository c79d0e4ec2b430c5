import { Client, type Shown } from "./client.ts";
import { Declined, NoTokens, Unreachable } from "./errors.ts";
import { fresh, inMemory, ownerOf, type TokenStore, type Tokens } from "./tokens.ts";
import { type Answer, type Options, type Request, stateOf } from "./transport.ts";

export interface AppOptions extends Options {
  /** Keeps the tokens; in memory unless another is given. */
  tokens?: TokenStore;
  /**
   * The tenant's headless.jwt_refresh_grace_period, in milliseconds; 10,000, the server's default, unless another is given. A refresh whose
   * answer was lost is sent again within half of it; 0 sends none again.
   */
  refreshGrace?: number;
  /** What people find in the list of their sessions. Browsers send their own, so a page sends none. */
  userAgent?: string;
}

/** The client of an app: on a phone, in Node, or in a page of another site. It carries a session token and, where the tenant has them, JWTs. */
export class AppClient extends Client {
  readonly #store: TokenStore;
  readonly #grace: number;
  readonly #userAgent: string | undefined;
  #held: Tokens = {};
  #loaded = false;
  #unsaved = false; // the store has not got what is held
  #turn: Promise<unknown> = Promise.resolve();
  #refreshing: Promise<string> | undefined;

  constructor(options: AppOptions) {
    super("app", options);
    this.#store = options.tokens ?? inMemory();
    this.#store.onChange?.(() => void this.elsewhere().catch(() => {})); // the next request tells it, too
    this.#grace = options.refreshGrace ?? 10_000;
    this.#userAgent = typeof document === "undefined" ? options.userAgent : undefined; // it would fail the preflight of some
  }

  /**
   * An access token for other servers, for `Authorization: Bearer`. One that is about to expire is refreshed first, once for all who ask
   * meanwhile. It throws {@link NoTokens} where there is none to be had, or none any more of who is known to be signed in.
   *
   * When it expires is read from the token by this machine's clock, and nothing of it is verified: that is for the server that it is shown to.
   */
  async access(): Promise<string> {
    await this.#load();
    const { access } = this.#held;
    const { known } = this;
    const user = known?.status === "signed-in" ? String(known.user.id) : ownerOf(access ?? "");
    const token = fresh(access, Date.now()) ? access : await this.#refresh();
    if (user && ownerOf(token) && ownerOf(token) !== user) {
      throw new NoTokens(new Error("another tab has signed somebody else in"));
    }
    return token;
  }

  /** Takes new tokens now, however long the present ones are good for. It joins a refresh that is on its way. */
  async refreshTokens(): Promise<void> {
    await this.#load();
    await this.#refresh();
  }

  // ---- Tokens

  protected override async show(): Promise<{ shown: Shown; headers: Record<string, string> }> {
    await this.#load();
    const { session, access } = this.#held;
    const user = ownerOf(access ?? "");
    return {
      shown: { ...(session && { session }), ...(user && { user }) },
      headers: {
        ...(session && { "X-Session-Token": session }),
        ...(this.#userAgent && { "User-Agent": this.#userAgent }),
      },
    };
  }

  /** A token that was replaced meanwhile is told before anything is done. */
  protected override overtaken(shown: Shown, { status }: Answer): boolean {
    return status === 410 && this.#held.session !== undefined && this.#held.session !== shown.session;
  }

  /**
   * Requests may overtake each other, so an answer ends only the session that its request showed. Access tokens of one user are never left
   * to another: a new session, and an answer about somebody else than they name, end them. Before anything of that is saved, it is applied
   * to what another client may have saved meanwhile.
   */
  protected override keep(request: Request, shown: Shown, answer: Answer): Promise<void> {
    const { status, body } = answer;
    const { session_token, access_token, refresh_token, is_authenticated } = body.meta ?? {};
    const state = stateOf(answer);
    const user = is_authenticated && state?.user ? String(state.user.id) : undefined; // django-allauth's are numbers
    const waits = state?.flows?.some((f) => f.is_pending) ?? false;
    const over = status === 410 || (request.ends && status === 401 && state && !user && !waits); // without a state it is a proxy's
    const next = (held: Tokens): Tokens => {
      if (over && !session_token && held.session === shown.session) {
        return {};
      }
      if (!session_token && held.session !== shown.session) {
        return held; // it is about a session of before, and whoever that was of
      }
      const { session, access, refresh } = held;
      if (access_token) {
        return tokens({ session: session_token ?? session, access: access_token, refresh: refresh_token });
      }
      if (user ? access && ownerOf(access) !== user : session_token) {
        return tokens({ session: session_token ?? session });
      }
      return tokens({ session: session_token ?? session, access, refresh });
    };
    return this.#alone(async () => {
      if (this.#unsaved || !same(next(this.#held), this.#held)) {
        await this.#reload();
        await this.#save(next(this.#held));
      }
    });
  }

  protected override async elsewhere(): Promise<void> {
    await this.#alone(() => this.#reload());
    await super.elsewhere();
  }

  /** Has what touches the tokens happen one after the other. */
  #alone<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => {});
    return done;
  }

  #load(): Promise<void> {
    return this.#alone(async () => {
      if (!this.#loaded) {
        this.#held = { ...(await this.#store.load()) };
        this.#loaded = true;
      }
    });
  }

  /** Takes over what another client has saved meanwhile. What cannot be read stays as it is, and so does what could not be saved. */
  async #reload(): Promise<void> {
    try {
      const stored = { ...(await this.#store.load()) };
      if (!this.#unsaved) {
        this.#held = stored;
      }
    } catch {
      // as it is
    }
  }

  async #save(next: Tokens): Promise<void> {
    if (!this.#unsaved && same(next, this.#held)) {
      return;
    }
    this.#held = next;
    this.#unsaved = true;
    await this.#store.save({ ...next });
    this.#unsaved = false;
  }

  /** Begins a refresh, or joins the one that is on its way. */
  #refresh(): Promise<string> {
    this.#refreshing ??= this.#exchange().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** Takes new tokens for a refresh token. What a logout or a login put in its place meanwhile stays. */
  async #exchange(): Promise<string> {
    const found = await this.#alone(async () => {
      const before = this.#held;
      await this.#reload();
      return { ...this.#held, another: !same(before, this.#held) };
    });
    if (found.another && fresh(found.access, Date.now())) {
      return found.access; // another client has just done it
    }
    const sent = found.refresh;
    if (!sent) {
      throw new NoTokens();
    }
    let got: { access_token: string; refresh_token?: string } | undefined;
    let failure: unknown;
    try {
      got = await this.#send(sent);
    } catch (error) {
      failure = error;
    }
    return this.#alone(async () => {
      await this.#reload();
      if (this.#held.refresh !== sent) {
        failure = undefined; // what became of the old ones is nobody's matter any more
      } else if (got) {
        await this.#save({ ...this.#held, access: got.access_token, refresh: got.refresh_token ?? sent });
      } else if (failure instanceof Declined && failure.status === 400) {
        await this.#save(tokens({ session: this.#held.session }));
        failure = new NoTokens(failure);
      }
      if (failure) {
        throw failure;
      }
      if (!this.#held.access) {
        throw new NoTokens();
      }
      return this.#held.access;
    });
  }

  /** Sends a refresh token and, where no answer came in half of the grace period, sends it once more, which brings the same. */
  async #send(token: string): Promise<{ access_token: string; refresh_token?: string }> {
    // No session is shown: the token stands for itself, and whatever is wrong with its session is told by 400.
    const request: Request = { method: "POST", path: "tokens/refresh", body: { refresh_token: token }, bare: true };
    const within = this.#grace / 2;
    const ask = async (timeout?: number) => {
      const { status, body, retryAfter } = await this.once(timeout ? { ...request, timeout } : request);
      const data = body.data as { access_token?: string; refresh_token?: string } | undefined;
      if (status !== 200) {
        throw new Declined(status, body.errors ?? [], retryAfter);
      }
      if (!data?.access_token) {
        throw new Unreachable(new Error("the answer has no access token"));
      }
      return data as { access_token: string; refresh_token?: string };
    };
    if (within <= 0) {
      return ask();
    }
    const started = Date.now();
    try {
      return await ask(within);
    } catch (error) {
      const lost = error instanceof Unreachable || (error instanceof Declined && [502, 504].includes(error.status));
      if (!lost || Date.now() - started > within * 1.5) {
        throw error;
      }
      return ask();
    }
  }
}

/** Without those that are not there. */
function tokens(some: { [Name in keyof Tokens]: Tokens[Name] | undefined }): Tokens {
  return Object.fromEntries(Object.entries(some).filter(([, value]) => value));
}

const same = (a: Tokens, b: Tokens) => a.session === b.session && a.access === b.access && a.refresh === b.refresh;
