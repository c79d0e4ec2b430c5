// The operations of the API, each under its name in the document, and the state that their answers tell.
import { Declined } from "./errors.ts";
import { proveOf, type Session, sessionOf } from "./session.ts";
import { type Answer, type Options, type Request, stateOf, Transport, userOf } from "./transport.ts";
import type * as API from "./types.ts";
import { makeKey, showKey } from "./webauthn.ts";

/** What a request shows to speak for its user. */
export interface Shown {
  session?: string;
  csrf?: string;
  user?: string; // whose the tokens say that they are
}

/** How two keys, or a key and its name, are sent. */
export interface MadeKey {
  /** At most 100 characters; without one, the server finds one. */
  name?: string;
  credential: API.Credential;
}

const keys = "account/authenticators/webauthn";

/**
 * What clients of both kinds can do: make a {@link BrowserClient} or an {@link AppClient}. It speaks for one user.
 *
 * A step of a login answers with the session: who is signed in, or what comes next. What is declined is thrown as {@link Declined}, and
 * {@link Unreachable} where there was no answer.
 */
export abstract class Client {
  protected readonly transport: Transport;
  #known: Session | undefined;
  #listeners = new Set<{ changed: () => void }>();
  #changes = 0; // requests that may change something: how many have begun, and how many have ended; and what other tabs have told
  #believed = 0; // how many times it was told anew how the session stands
  #reading: { session: Promise<Session>; at: number } | undefined;
  #tabs: BroadcastChannel | undefined;

  constructor(kind: "app" | "browser", options: Options) {
    this.transport = new Transport(kind, options);
    const look = () => void this.elsewhere().catch(() => {}); // the next request tells it, too
    if (typeof document !== "undefined" && typeof addEventListener === "function") {
      // The page that somebody goes back to is drawn as it was left, but the session may have ended since.
      addEventListener("pageshow", (event) => event.persisted && look());
    }
    if (typeof document !== "undefined" && typeof BroadcastChannel !== "undefined") {
      try {
        this.#tabs = new BroadcastChannel(`vestibule ${kind} ${this.transport.base} ${options.tenant ?? ""}`);
        this.#tabs.onmessage = look;
      } catch {
        // a frame that may store nothing may have no channel either
      }
    }
  }

  // ---- The session

  /** What the latest answer told of the session; undefined before the first. */
  get known(): Session | undefined {
    return this.#known;
  }

  /** Calls back whenever what is known of the session changes, here or in another tab, until what it returns is called. */
  subscribe(changed: () => void): () => void {
    const listener = { changed };
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Asks how the session stands. Who asks while an answer is on its way gets that. */
  session(): Promise<Session> {
    if (this.#reading?.at === this.#changes) {
      return this.#reading.session;
    }
    const reading = { session: this.#step({ method: "GET", path: "auth/session" }), at: this.#changes };
    const over = () => {
      if (this.#reading === reading) {
        this.#reading = undefined;
      }
    };
    reading.session.then(over, over);
    this.#reading = reading;
    return reading.session;
  }

  /** Ends the session, or gives up a login that waits. */
  logout(): Promise<Session> {
    return this.#step({ method: "DELETE", path: "auth/session", ends: true });
  }

  /** The user's sessions, on all devices, latest first. */
  sessions(): Promise<API.OpenSession[]> {
    return this.#view({ method: "GET", path: "auth/sessions" });
  }

  /** Ends some of them, and answers with the rest. Who names their own is signed out with it, and told so by `signed-out`. */
  endSessions(...ids: number[]): Promise<API.OpenSession[]> {
    return this.#view({ method: "DELETE", path: "auth/sessions", body: { sessions: ids }, ends: true });
  }

  // ---- The tenant

  /** What the tenant offers. */
  config(): Promise<API.Configuration> {
    return this.#view({ method: "GET", path: "config" });
  }

  /** Who issues the tenant's access tokens; `missing` where it hands out none. */
  async issuer(): Promise<API.Issuer> {
    const { body } = await this.#done({ method: "GET", path: "/.well-known/openid-configuration", bare: true });
    return body as API.Issuer;
  }

  /** The keys that they are signed with. */
  async publicKeys(): Promise<API.PublicKeys> {
    const { body } = await this.#done({ method: "GET", path: "/.well-known/jwks.json", bare: true });
    return body as API.PublicKeys;
  }

  // ---- Ways in

  /** Signs in with a password, and one of email, username and phone. */
  login(input: API.Input<"login">): Promise<Session> {
    return this.#step({ method: "POST", path: "auth/login", body: input });
  }

  /** Sends a code that signs in. It is waited for then, whether or not there is such an account. */
  requestLoginCode(input: API.Input<"requestLoginCode">): Promise<Session> {
    return this.#step({ method: "POST", path: "auth/code/request", body: input });
  }

  resendLoginCode(): Promise<void> {
    return this.#act({ method: "POST", path: "auth/code/resend" });
  }

  confirmLoginCode(code: string): Promise<Session> {
    return this.#step({ method: "POST", path: "auth/code/confirm", body: { code } });
  }

  /** Makes an account, with whatever fields the tenant asks for. */
  signup<Fields extends object>(input: API.Input<"signup"> & Fields): Promise<Session> {
    return this.#step({ method: "POST", path: "auth/signup", body: input });
  }

  // ---- Second factors of a login

  authenticateByCode(code: string): Promise<Session> {
    return this.#step({ method: "POST", path: "auth/2fa/authenticate", body: { code } });
  }

  authenticateKeyOptions(): Promise<API.KeyRequest> {
    return this.#request("auth/webauthn/authenticate");
  }

  authenticateByKey(credential: API.Credential): Promise<Session> {
    return this.#step({ method: "POST", path: "auth/webauthn/authenticate", body: { credential } });
  }

  /** Shows the second factor by the browser's dialog for keys. */
  async authenticateWithKey(): Promise<Session> {
    return this.authenticateByKey(await showKey(await this.authenticateKeyOptions()));
  }

  /** Says whether this browser need not show a second factor next time. Apps are told `missing`. */
  trust(yes: boolean): Promise<Session> {
    return this.#step({ method: "POST", path: "auth/2fa/trust", body: { trust: yes } });
  }

  // ---- Passkeys

  /** What a passkey is asked with to sign in. */
  loginKeyOptions(): Promise<API.KeyRequest> {
    return this.#request("auth/webauthn/login");
  }

  loginByKey(credential: API.Credential): Promise<Session> {
    return this.#step({ method: "POST", path: "auth/webauthn/login", body: { credential } });
  }

  /** Signs in with a passkey, by the browser's dialog or, with autofill, when somebody picks one under a field ({@link showKey}). */
  async loginWithPasskey(how: { signal?: AbortSignal; autofill?: boolean } = {}): Promise<Session> {
    return this.loginByKey(await showKey(await this.loginKeyOptions(), how));
  }

  /** Makes an account that has a passkey and no password. The address is verified first; then the passkey is waited for. */
  signupByKey<Fields extends object>(input: API.Input<"signupByKey"> & Fields): Promise<Session> {
    return this.#step({ method: "POST", path: "auth/webauthn/signup", body: input });
  }

  signupKeyOptions(): Promise<API.KeyCreation> {
    return this.#creation("auth/webauthn/signup");
  }

  finishSignupByKey(key: MadeKey): Promise<Session> {
    return this.#step({ method: "PUT", path: "auth/webauthn/signup", body: key });
  }

  /** Makes the passkey that a signup waits for, by the browser's dialog, and signs in. */
  async finishSignupWithKey(name?: string): Promise<Session> {
    return this.finishSignupByKey(named(await makeKey(await this.signupKeyOptions()), name));
  }

  // ---- Identity providers

  /** Signs in, signs up or connects by a token that the provider's own SDK gave. */
  enterByProviderToken(input: API.Input<"enterByProviderToken">): Promise<Session> {
    return this.#step({ method: "POST", path: "auth/provider/token", body: input });
  }

  lookAtProviderSignup(): Promise<API.ProviderSignupDetails> {
    return this.#view({ method: "GET", path: "auth/provider/signup" });
  }

  /** Makes the account that a signup by a provider waits for. */
  finishProviderSignup(input: API.Input<"finishProviderSignup">): Promise<Session> {
    return this.#step({ method: "POST", path: "auth/provider/signup", body: input });
  }

  /** The user's accounts with providers, oldest first. */
  providerAccounts(): Promise<API.ProviderAccount[]> {
    return this.#view({ method: "GET", path: "account/providers" });
  }

  /** Gives one of them up. The last way in stays. */
  disconnectProvider(provider: string, account: string): Promise<API.ProviderAccount[]> {
    return this.#view({ method: "DELETE", path: "account/providers", body: { provider, account } });
  }

  // ---- Proving it anew

  reauthenticate(password: string): Promise<Session> {
    return this.#step({ method: "POST", path: "auth/reauthenticate", body: { password } });
  }

  reauthenticateByCode(code: string): Promise<Session> {
    return this.#step({ method: "POST", path: "auth/2fa/reauthenticate", body: { code } });
  }

  reauthenticateKeyOptions(): Promise<API.KeyRequest> {
    return this.#request("auth/webauthn/reauthenticate");
  }

  reauthenticateByKey(credential: API.Credential): Promise<Session> {
    return this.#step({ method: "POST", path: "auth/webauthn/reauthenticate", body: { credential } });
  }

  async reauthenticateWithKey(): Promise<Session> {
    return this.reauthenticateByKey(await showKey(await this.reauthenticateKeyOptions()));
  }

  // ---- Addresses

  /** Whose address a mailed key would verify, or a code that this session waits for. A wrong code counts as a try. */
  async lookAtEmailKey(key: string): Promise<API.EmailKey> {
    const { body } = await this.#done({
      method: "GET",
      path: "auth/email/verify",
      headers: { "X-Email-Verification-Key": mailed(key) },
    });
    const found = body.data as API.Answer<"lookAtEmailKey">;
    return { ...found, user: userOf(found.user), authenticating: body.meta?.is_authenticating ?? false };
  }

  /** Verifies an address with the key of a mailed link, or with a code. After a link that was opened elsewhere nobody is signed in. */
  verifyEmail(key: string): Promise<Session> {
    return this.#step({ method: "POST", path: "auth/email/verify", body: { key } });
  }

  resendEmailCode(): Promise<void> {
    return this.#act({ method: "POST", path: "auth/email/verify/resend" });
  }

  /** The addresses of the user, oldest first. */
  emails(): Promise<API.Email[]> {
    return this.#view({ method: "GET", path: "account/email" });
  }

  /** Adds an address, which is mailed what verifies it. */
  addEmail(email: string): Promise<API.Email[]> {
    return this.#view({ method: "POST", path: "account/email", body: { email } });
  }

  /** Mails what verifies an address once more; `forbidden` where it was mailed a moment ago. */
  resendEmail(email: string): Promise<void> {
    return this.#act({ method: "PUT", path: "account/email", body: { email } });
  }

  /** Has mail go to an address, which must be verified. */
  makeEmailPrimary(email: string): Promise<API.Email[]> {
    return this.#view({ method: "PATCH", path: "account/email", body: { email, primary: true } });
  }

  removeEmail(email: string): Promise<API.Email[]> {
    return this.#view({ method: "DELETE", path: "account/email", body: { email } });
  }

  // ---- The number

  verifyPhone(code: string): Promise<Session> {
    return this.#step({ method: "POST", path: "auth/phone/verify", body: { code } });
  }

  resendPhoneCode(): Promise<void> {
    return this.#act({ method: "POST", path: "auth/phone/verify/resend" });
  }

  /** One, or none. */
  phones(): Promise<API.Phone[]> {
    return this.#view({ method: "GET", path: "account/phone" });
  }

  /** Asks for another number, as E.164 has it. It counts when its code is there; a signup that waits has it changed at once. */
  async changePhone(phone: string): Promise<API.Phone> {
    const asked = await this.#view<API.Phone[]>({ method: "POST", path: "account/phone", body: { phone } });
    return asked[0] ?? { phone, verified: false };
  }

  // ---- The password

  /** Mails what resets a password: a code, which this session then waits for, or a link. Nothing tells whether there is such an account. */
  async requestPasswordReset(email: string): Promise<{ byCode: boolean }> {
    const answer = await this.#ask({ method: "POST", path: "auth/password/request", body: { email } });
    if (answer.status !== 200 && !(answer.status === 401 && stateOf(answer))) {
      throw this.#declined(answer);
    }
    return { byCode: stateOf(answer) !== undefined };
  }

  /** Whose password a mailed key would reset. */
  async lookAtResetKey(key: string): Promise<API.User> {
    const { user } = await this.#view<{ user: API.User }>({
      method: "GET",
      path: "auth/password/reset",
      headers: { "X-Password-Reset-Key": mailed(key) },
    });
    return userOf(user);
  }

  /** Sets a new password with the key of a mailed link or a code, and ends all sessions of the user. */
  resetPassword(key: string, password: string): Promise<Session> {
    return this.#step({ method: "POST", path: "auth/password/reset", body: { key, password } });
  }

  /** Sets another password, or a first one, without a current one. It ends the user's other sessions and, if the tenant has it so, this one. */
  changePassword(input: API.Input<"changePassword">): Promise<Session> {
    return this.#step({ method: "POST", path: "account/password/change", body: input, ends: true });
  }

  // ---- Second factors of the account

  authenticators(): Promise<API.Authenticator[]> {
    return this.#view({ method: "GET", path: "account/authenticators" });
  }

  /** The authenticator app or, where there is none, what one is set up with. Each look makes a new secret. */
  async totp(): Promise<{ app: API.Authenticator } | { setup: API.TOTPSetup }> {
    const answer = await this.#ask({ method: "GET", path: "account/authenticators/totp" });
    const { meta, data } = answer.body;
    if (answer.status === 404 && meta?.secret) {
      return { setup: { secret: meta.secret, url: meta.totp_url ?? "" } };
    }
    if (answer.status !== 200) {
      throw this.#declined(answer);
    }
    return { app: data as API.Authenticator };
  }

  /** Has the app be asked for that was set up, by its first code. */
  activateTOTP(code: string): Promise<API.Authenticator> {
    return this.#view({ method: "POST", path: "account/authenticators/totp", body: { code } });
  }

  deactivateTOTP(): Promise<void> {
    return this.#act({ method: "DELETE", path: "account/authenticators/totp" });
  }

  recoveryCodes(): Promise<API.Authenticator> {
    return this.#view({ method: "GET", path: "account/authenticators/recovery-codes" });
  }

  /** Makes new ones; the old ones are dead. */
  generateRecoveryCodes(): Promise<API.Authenticator> {
    return this.#view({ method: "POST", path: "account/authenticators/recovery-codes" });
  }

  /** What a new key is made with; passwordless for a passkey, which signs in by itself. */
  keyOptions({ passwordless = false } = {}): Promise<API.KeyCreation> {
    return this.#creation(passwordless ? `${keys}?passwordless` : keys);
  }

  /** Keeps a key that was made. */
  async addKey(key: MadeKey): Promise<{ key: API.Authenticator; recoveryCodes: boolean }> {
    const { body } = await this.#done({ method: "POST", path: keys, body: key });
    return { key: body.data as API.Authenticator, recoveryCodes: body.meta?.recovery_codes_generated ?? false };
  }

  /** Makes a key by the browser's dialog, and keeps it. recoveryCodes says that recovery codes came with it. */
  async createKey({ name, passwordless }: { name?: string; passwordless?: boolean } = {}) {
    return this.addKey(named(await makeKey(await this.keyOptions({ passwordless: passwordless ?? false })), name));
  }

  renameKey(id: number, name: string): Promise<API.Authenticator> {
    return this.#view({ method: "PUT", path: keys, body: { id, name } });
  }

  /** Removes keys, all that are named or none. */
  removeKeys(...ids: number[]): Promise<void> {
    return this.#act({ method: "DELETE", path: keys, body: { authenticators: ids } });
  }

  // ---- How all of that is asked

  /** What a request of now shows, with the headers that it is shown in. */
  protected abstract show(request: Request): Promise<{ shown: Shown; headers: Record<string, string> }>;

  /** Keeps what an answer brings, and forgets what it ends. */
  protected abstract keep(request: Request, shown: Shown, answer: Answer): Promise<void>;

  /** Whether an answer was no only because another request has changed what this one showed, so that nothing was done. */
  protected abstract overtaken(shown: Shown, answer: Answer): boolean;

  /** Another tab may have changed something: whatever is on its way may be about the time before. */
  protected async elsewhere(): Promise<void> {
    this.#changes++;
    this.#believed++;
    await this.session();
  }

  /** For what is answered with the session. */
  async #step(request: Request): Promise<Session> {
    const answer = await this.#ask(request);
    const session = this.#told(answer);
    if (session && (answer.status === 200 || answer.status === 401)) {
      return session;
    }
    throw this.#declined(answer);
  }

  /** For what is answered with data. */
  async #view<T>(request: Request): Promise<T> {
    return (await this.#done(request)).body.data as T;
  }

  /** For what is answered with nothing, or with what nobody needs. */
  async #act(request: Request): Promise<void> {
    await this.#done(request);
  }

  async #creation(path: string): Promise<API.KeyCreation> {
    return (await this.#view<API.Answer<"keyOptions">>({ method: "GET", path })).creation_options;
  }

  async #request(path: string): Promise<API.KeyRequest> {
    return (await this.#view<API.Answer<"loginKeyOptions">>({ method: "GET", path })).request_options;
  }

  async #done(request: Request): Promise<Answer> {
    const answer = await this.#ask(request);
    if (answer.status < 200 || answer.status > 299) {
      throw this.#declined(answer);
    }
    return answer;
  }

  /** Asks, and once more where it was overtaken. What the answer tells of the session is known from then on. */
  async #ask(request: Request): Promise<Answer> {
    const changes = request.method !== "GET" && !request.bare;
    this.#changes += Number(changes);
    const before = this.#changes;
    const believed = this.#believed;
    const user = idOf(this.#known);
    let doubtful = false;
    try {
      let answer = await this.once(request);
      const meant = user ?? answer.shown.user;
      if (!request.bare && this.overtaken(answer.shown, answer) && (await this.#stillOf(meant, request))) {
        answer = await this.once(request);
      }
      // A look that a change has overtaken may be about the time before it, and so may a change that another has. Who is in doubt looks
      // again, but for a look where a change has told meanwhile.
      const session = request.bare ? undefined : this.#told(answer);
      if (session && (changes ? this.#believed === believed : this.#changes === before)) {
        this.#know(session, changes);
      } else {
        doubtful = session !== undefined && (changes || this.#believed === believed);
      }
      if (answer.unkept) {
        throw answer.unkept.error;
      }
      return answer;
    } finally {
      this.#changes += Number(changes);
      if (doubtful) {
        if (changes) {
          this.#tabs?.postMessage("changed");
        }
        await this.session().catch(() => {}); // so that it is known when the step is taken; else the next request tells it
      }
    }
  }

  /** Whether a request that was meant for one user, or for nobody who is known, would be theirs still. Another tab may have signed somebody else in. */
  async #stillOf(user: API.User["id"] | undefined, { method, path }: Request): Promise<boolean> {
    if (method === "GET" && (user === undefined || path === "auth/session")) {
      return true;
    }
    const now = await this.session().catch(() => undefined);
    return now !== undefined && idOf(now) === user;
  }

  /** Asks once, and keeps what the answer brings. Where that fails, the answer is one all the same. */
  protected async once(request: Request): Promise<Answer & { shown: Shown; unkept?: { error: unknown } }> {
    const { shown, headers } = request.bare ? { shown: {}, headers: {} } : await this.show(request);
    const answer = await this.transport.send(request, headers);
    try {
      if (!request.bare) {
        await this.keep(request, shown, answer);
      }
    } catch (error) {
      return { ...answer, shown, unkept: { error } };
    }
    return { ...answer, shown };
  }

  /** The session that an answer tells of. Somebody who has to prove it anew was refused, and stays signed in. */
  #told(answer: Answer): Session | undefined {
    const state = stateOf(answer);
    switch (answer.status) {
      case 200:
        return sessionOf(this, answer.body.meta?.is_authenticated === true, state);
      case 401:
      case 410:
        return state?.user ? undefined : sessionOf(this, false, state);
      default:
        return undefined;
    }
  }

  #know(session: Session, announce: boolean): void {
    this.#believed++;
    const before = this.#known;
    if (before && JSON.stringify(before) === JSON.stringify(session)) {
      return; // steps are functions, which are not compared: those of the one before do the same
    }
    this.#known = session;
    for (const { changed } of this.#listeners) {
      try {
        changed();
      } catch (error) {
        queueMicrotask(() => {
          throw error; // which is no matter of who took the step, nor of the other listeners
        });
      }
    }
    if (announce) {
      this.#tabs?.postMessage("changed");
    }
  }

  #declined(answer: Answer): Declined {
    const { status, body, retryAfter } = answer;
    if (status === 409) {
      this.session().catch(() => {}); // the session is not what it was taken for: whoever draws it is to know what it is
    }
    const state = stateOf(answer);
    const prove = status === 401 && state?.user ? proveOf(this, state.user, state.flows ?? []) : undefined;
    return new Declined(status, body.errors ?? [], retryAfter, prove);
  }
}

/** A key as a header can hold it. What cannot be in one was never mailed, but pasted with something invisible, and is told as a wrong one is. */
function mailed(key: string): string {
  if (!/^[ -~]*$/.test(key.trim())) {
    throw new Declined(400);
  }
  return key.trim();
}

/** Who is signed in. */
const idOf = (session: Session | undefined) => (session?.status === "signed-in" ? session.user.id : undefined);

function named(credential: API.Credential, name: string | undefined): MadeKey {
  return name ? { name, credential } : { credential };
}
