"use client";
// Hooks and guards for React 18 and later. They draw nothing and know no router: how pages look and where they lead is the app's.
import {
  createContext,
  Fragment,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import type { Client } from "./client.ts";
import { Declined, faultsOf } from "./errors.ts";
import type { Prove, Session, SignedIn, SignedOut, Waiting } from "./session.ts";
import type { Configuration, User } from "./types.ts";

/** Nothing is known yet. */
export interface Loading {
  status: "loading";
}

/** Nothing can be known: the server did not answer, or declined. */
export interface Failed {
  status: "failed";
  error: unknown;
  retry: () => void;
}

/** Somebody must prove anew that it is them before something is done. One of the ways of `prove` lets it be done, and `cancel` gives it up. */
export interface Asked {
  prove: Prove;
  cancel: () => void;
}

interface Held {
  client: Client;
  config: Configuration | undefined;
  failure: { error: unknown; retry: () => void } | undefined;
  ask: ((prove: Prove) => Promise<void>) | undefined;
}

const Context = createContext<Held | undefined>(undefined);

function useHeld(): Held {
  const held = useContext(Context);
  if (!held) {
    throw new Error("there is no <Vestibule> around this component");
  }
  return held;
}

export interface VestibuleProps {
  client: Client;
  /**
   * Draws what asks for a proof, mostly a dialog, over whatever is there. With it, steps that need one ask for it and are done then; without it,
   * their error is `reauthenticate`.
   */
  prove?: ((asked: Asked) => ReactNode) | undefined;
  children?: ReactNode;
}

/** Gives what is inside the client, and finds out who is signed in and what the tenant offers. */
export function Vestibule({ client, prove, children }: VestibuleProps) {
  // What was found is the client's that found it.
  const [found, setFound] = useState<{ client: Client; config?: Configuration; error?: unknown }>();
  const { config, error } = found?.client === client ? found : {};
  const [tries, setTries] = useState(0);
  const [asked, setAsked] = useState<Asked>();

  // biome-ignore lint/correctness/useExhaustiveDependencies: another try is another effect
  useEffect(() => {
    let over = false;
    setFound(undefined);
    Promise.all([client.config(), client.session()]).then(
      ([config]) => over || setFound({ client, config }),
      (error) => over || setFound({ client, error }),
    );
    return () => {
      over = true;
    };
  }, [client, tries]);

  // What needs a proof while one is asked for waits for the same.
  const asks = prove !== undefined;
  const here = useRef<Client | null>(null); // whose steps can ask
  const waiting = useRef<{ user: string; cancel: () => void; proved: Promise<void> } | null>(null);
  const ask = useCallback(
    (ways: Prove) => {
      if (here.current !== client) {
        return Promise.reject(new GivenUp());
      }
      if (!waiting.current) {
        let [done, cancel] = [() => {}, () => {}];
        const proved = new Promise<void>((given, givenUp) => {
          const then = (settle: () => void) => () => {
            if (waiting.current?.proved === proved) {
              waiting.current = null;
              setAsked(undefined);
              settle();
            }
          };
          done = then(given);
          cancel = then(() => givenUp(new GivenUp()));
        });
        waiting.current = { user: ways.user.id, cancel, proved };
        setAsked({ prove: closing(ways, done, cancel), cancel });
      }
      return waiting.current.proved;
    },
    [client],
  );

  // Nobody proves anything for who was asked before, nor where nobody asks any more.
  useEffect(() => {
    here.current = asks ? client : null;
    const giveUp = () => waiting.current?.cancel();
    const stop = client.subscribe(() => {
      if (userOf(client.known)?.id !== waiting.current?.user) {
        giveUp();
      }
    });
    return () => {
      here.current = null;
      stop();
      giveUp();
    };
  }, [client, asks]);

  const held = useMemo<Held>(
    () => ({
      client,
      config,
      failure: error === undefined ? undefined : { error, retry: () => setTries((n) => n + 1) },
      ask: asks ? ask : undefined,
    }),
    [client, config, error, asks, ask],
  );
  // Steps of the dialog ask for no proof themselves: it would be this one that they wait for.
  const within = useMemo<Held>(() => ({ ...held, ask: undefined }), [held]);
  return (
    <Context.Provider value={held}>
      {children}
      {asked && prove && <Context.Provider value={within}>{prove(asked)}</Context.Provider>}
    </Context.Provider>
  );
}

const userOf = (session: Session | undefined): User | undefined =>
  session?.status === "signed-in" ? session.user : undefined;

/** The same ways, each of which says so when it has led to the proof. Where somebody else has proved it by now, nothing is done. */
function closing(ways: Prove, done: () => void, cancel: () => void): Prove {
  const then =
    <Given extends unknown[]>(way: (...given: Given) => Promise<Session>) =>
    async (...given: Given) => {
      const session = await way(...given);
      (userOf(session)?.id === ways.user.id ? done : cancel)();
      return session;
    };
  return {
    user: ways.user,
    flows: ways.flows,
    ...(ways.byPassword && { byPassword: then(ways.byPassword) }),
    ...(ways.byCode && { byCode: then(ways.byCode) }),
    ...(ways.byKey && { byKey: then(ways.byKey) }),
  };
}

/** The proof was given up, so nothing was done. */
export class GivenUp extends Error {
  override readonly name = "GivenUp";

  constructor() {
    super("Nothing was changed.");
  }
}

/** The client, for whatever else it can do. */
export const useClient = (): Client => useHeld().client;

/** What the tenant offers; undefined until that is known. */
export const useConfig = (): Configuration | undefined => useHeld().config;

/** How the session stands. It is drawn anew with every change, of this or another tab. */
export function useSession(): Session | Loading | Failed {
  const { client, config, failure } = useHeld();
  const known = useSyncExternalStore(
    useCallback((changed) => client.subscribe(changed), [client]),
    () => client.known,
    () => undefined,
  );
  if (failure && !(known && config)) {
    return { status: "failed", ...failure };
  }
  return known ?? { status: "loading" };
}

/** Who is signed in; undefined while nobody is, or it is not known yet. */
export function useUser(): User | undefined {
  const session = useSession();
  return session.status === "signed-in" ? session.user : undefined;
}

export interface Step<Given extends unknown[], Result> {
  /**
   * Takes the step. It resolves with its result, or with undefined where it failed: `error` says why. It never rejects. What follows where it
   * went well, such as another page, belongs into the step.
   */
  run: (...given: Given) => Promise<Result | undefined>;
  /** It is on its way. What is run meanwhile is left out, so that a second click does nothing. */
  busy: boolean;
  /** Why the latest try failed; undefined where it did not. */
  error: unknown;
  /** What is wrong with the fields of a form, by name; what belongs to none has the name "". */
  faults: Record<string, string>;
  /** Forgets the error. */
  reset: () => void;
}

/**
 * A step as forms and buttons need it. One that asks for a proof first is taken once that is given ({@link VestibuleProps.prove}): from its
 * beginning, so whatever needs a proof comes first in it.
 */
export function useStep<Given extends unknown[], Result>(
  take: (...given: Given) => Promise<Result>,
): Step<Given, Result> {
  const { ask } = useHeld();
  const [{ busy, error }, setState] = useState<{ busy: boolean; error: unknown }>({ busy: false, error: undefined });
  const running = useRef(false);
  const latest = useRef(take);
  useEffect(() => {
    latest.current = take;
  });
  const run = useCallback(
    async (...given: Given) => {
      if (running.current) {
        return undefined;
      }
      running.current = true;
      setState({ busy: true, error: undefined });
      const take = latest.current; // what was meant when it was run, however long the proof takes
      let failure: unknown;
      try {
        return await proved(() => take(...given), ask);
      } catch (thrown) {
        failure = thrown;
        return undefined;
      } finally {
        running.current = false;
        setState({ busy: false, error: failure });
      }
    },
    [ask],
  );
  const reset = useCallback(() => setState((now) => ({ ...now, error: undefined })), []);
  return { run, busy, error, faults: useMemo(() => faultsOf(error), [error]), reset };
}

/** Takes a step, and once more where it asked for a proof that was then given. */
async function proved<Result>(take: () => Promise<Result>, ask: Held["ask"]): Promise<Result> {
  try {
    return await take();
  } catch (error) {
    if (!ask || !(error instanceof Declined) || !error.prove) {
      throw error;
    }
    await ask(error.prove);
    return take();
  }
}

/** Something to draw, or what draws it from the session. */
type Drawn<State> = ReactNode | ((state: State) => ReactNode);

const draw = <State,>(drawn: Drawn<State>, state: State): ReactNode =>
  typeof drawn === "function" ? drawn(state) : drawn;

interface GuardProps<State, Rest> {
  children: Drawn<State>;
  /** What is drawn for everybody else, such as `<Navigate to="/login" />`; nothing unless it is given. */
  otherwise?: Drawn<Rest>;
  /** What is drawn until it is known who is there. */
  loading?: ReactNode;
  /** What is drawn where that cannot be known. */
  failed?: Drawn<Failed>;
}

/** Draws what is for whoever is signed in. It hides; what must not be seen is the server's to keep. */
export function ForSignedIn(props: GuardProps<SignedIn, Waiting | SignedOut>) {
  return useGuard(props, (session) => session.status === "signed-in");
}

/** Draws what is for a login that waits, such as the page that asks for a code. */
export function ForWaiting(props: GuardProps<Waiting, SignedIn | SignedOut>) {
  return useGuard(props, (session) => session.status === "waiting");
}

/** Draws what is for whoever is not signed in, such as the login itself. A login that waits is somebody's who may yet begin anew. */
export function ForSignedOut(props: GuardProps<SignedOut | Waiting, SignedIn>) {
  return useGuard(props, (session) => session.status !== "signed-in");
}

function useGuard<State extends Session, Rest extends Session>(
  { children, otherwise, loading, failed }: GuardProps<State, Rest>,
  admits: (session: Session) => boolean,
): ReactNode {
  const session = useSession();
  switch (session.status) {
    case "loading":
      return loading;
    case "failed":
      return draw(failed, session);
    default:
      // What components of one user hold is not left to the next, who may have signed in in another tab.
      return (
        <Fragment key={userOf(session)?.id}>
          {admits(session) ? draw(children, session as State) : draw(otherwise, session as Rest)}
        </Fragment>
      );
  }
}
