// @vitest-environment happy-dom
import { act, type ReactNode, StrictMode, useState } from "react";
import { createRoot, hydrateRoot, type Root } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AppClient, type Client } from "../src/index.ts";
import {
  type Asked,
  ForSignedIn,
  ForSignedOut,
  ForWaiting,
  type Step,
  useClient,
  useConfig,
  useSession,
  useStep,
  useUser,
  Vestibule,
} from "../src/react.tsx";
import { ann, bob, promise, type Said, script, signedIn, signedOut } from "./script.ts";

const url = "https://acme.example.org";
const config: Said = { body: { status: 200, data: { account: { is_open_for_signup: true } } } };
const waits = signedOut([{ id: "verify_email", is_pending: true }]);
const mustProve: Said = {
  status: 401,
  body: {
    status: 401,
    data: { user: ann, flows: [{ id: "reauthenticate" }] },
    meta: { is_authenticated: true },
  },
};

let root: Root;
let box: HTMLElement;

beforeEach(() => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  vi.stubGlobal("BroadcastChannel", undefined);
  box = document.body.appendChild(document.createElement("div"));
  root = createRoot(box);
});
afterEach(() => {
  act(() => root.unmount());
  box.remove();
  vi.unstubAllGlobals();
});

const draw = (what: ReactNode) => act(async () => root.render(what));
const text = () => box.textContent;

/** A client whose first two requests, for the configuration and the session, are answered so; then come the lines. */
function client(session: Said, ...lines: Parameters<typeof script>) {
  const { fetch, asked } = script(config, session, ...lines);
  return { client: new AppClient({ url, fetch }), asked };
}

function Status() {
  const session = useSession();
  return <p>{session.status}</p>;
}

function Facts({ of }: { of: Client }) {
  const { status } = useSession();
  return `${status} ${useUser()?.display} ${useConfig()?.account.is_open_for_signup} ${useClient() === of}`;
}

function Guards() {
  return (
    <>
      <ForSignedIn loading="1 loads " otherwise={(s) => `1 is ${s.status} `}>
        {(s) => `1 has ${s.user.display} `}
      </ForSignedIn>
      <ForWaiting otherwise="2 waits for nothing ">{(s) => `2 waits for ${s.next.id} `}</ForWaiting>
      <ForSignedOut otherwise={(s) => `3 has ${s.user.display} `}>3 is for strangers</ForSignedOut>
    </>
  );
}

function Draft() {
  const [draft] = useState(useUser()?.display);
  return <p>{draft}</p>;
}

test.each([
  ["signed in", signedIn(), "1 has ann 2 waits for nothing 3 has ann "],
  ["waiting", waits, "1 is waiting 2 waits for verify_email 3 is for strangers"],
  ["signed out", signedOut(), "1 is signed-out 2 waits for nothing 3 is for strangers"],
])("what the guards draw for whoever is %s", async (_, session, drawn) => {
  await draw(
    <Vestibule client={client(session).client}>
      <Guards />
    </Vestibule>,
  );
  expect(text()).toBe(drawn);
});

test("until somebody is known nothing is drawn that is for anybody", async () => {
  const slow = promise<Said>();
  const { client: app } = client(signedOut(), signedOut());
  const { fetch } = script(() => slow.kept);
  await draw(
    <Vestibule client={new AppClient({ url, fetch })}>
      <Guards />
    </Vestibule>,
  );
  expect(text()).toBe("1 loads ");
  await draw(
    <Vestibule client={app}>
      <Status />
    </Vestibule>,
  );
  expect(text()).toBe("signed-out"); // another client is another session
});

test("it asks twice only, and in strict mode for the session once", async () => {
  const { client: app, asked } = client(signedIn());
  await draw(
    <StrictMode>
      <Vestibule client={app}>
        <Status />
      </Vestibule>
    </StrictMode>,
  );
  expect(asked.filter((a) => a.path.endsWith("/auth/session"))).toHaveLength(1);
});

test("where the server is away that is told, and tried again", async () => {
  let away = true;
  const app = new AppClient({
    url,
    fetch: (input, init) => {
      if (away) {
        throw new TypeError("fetch failed");
      }
      return script(String(input).endsWith("/config") ? config : signedIn()).fetch(input, init);
    },
  });
  await draw(
    <Vestibule client={app}>
      <Facts of={app} />
      <ForSignedIn
        failed={(f) => (
          <button type="button" onClick={f.retry}>
            {(f.error as Error).message}
          </button>
        )}
      >
        {" "}
        Hello.
      </ForSignedIn>
    </Vestibule>,
  );
  expect(text()).toBe("failed undefined undefined trueThe server did not answer. Check the connection, and try again.");
  away = false;
  await act(async () => box.querySelector("button")?.click());
  expect(text()).toBe("signed-in ann true true Hello.");
});

test("where the server tells who is there and not what it offers, that is told, and tried again", async () => {
  let away = true;
  const app = new AppClient({
    url,
    fetch: (input, init) => {
      const configured = String(input).endsWith("/config");
      return script(configured ? (away ? { status: 503 } : config) : signedIn()).fetch(input, init);
    },
  });
  await draw(
    <Vestibule client={app}>
      <ForSignedIn
        failed={(f) => (
          <button type="button" onClick={f.retry}>
            {(f.error as Error).message}
          </button>
        )}
      >
        Hello.
      </ForSignedIn>
    </Vestibule>,
  );
  expect(text()).toBe("That was too much at once. Try again in a while.");
  away = false;
  await act(async () => box.querySelector("button")?.click());
  expect(text()).toBe("Hello.");
});

test("what is drawn follows the session, whoever changes it", async () => {
  const { client: app } = client(signedIn(), signedOut());
  await draw(
    <Vestibule client={app}>
      <Status />
    </Vestibule>,
  );
  expect(text()).toBe("signed-in");
  await act(async () => {
    await app.logout();
  });
  expect(text()).toBe("signed-out");
});

test("what a component of one user holds is not drawn for the next", async () => {
  const { client: app } = client(signedIn(ann), signedIn({ ...ann, display: "annie" }), signedIn(bob));
  await draw(
    <Vestibule client={app}>
      <ForSignedIn>
        <Draft />
      </ForSignedIn>
    </Vestibule>,
  );
  expect(text()).toBe("ann");
  await act(() => app.session());
  expect(text()).toBe("ann"); // it is the same user
  await act(() => app.session());
  expect(text()).toBe("bob");
});

test("without a provider a hook says what is missing", async () => {
  const quiet = vi.spyOn(console, "error").mockImplementation(() => {});
  await expect(draw(<Status />)).rejects.toThrow("there is no <Vestibule> around this component");
  quiet.mockRestore();
});

interface FormProps<Result> {
  take: (given: string) => Promise<Result>;
  tell: (step: Step<[string], Result>) => void;
}

function Form<Result>({ take, tell }: FormProps<Result>) {
  tell(useStep(take));
  return null;
}

/** Draws a component with a step, and gives the step as it is now. */
async function stepOf<Result>(
  app: Client,
  take: (given: string) => Promise<Result>,
  prove?: (asked: Asked) => ReactNode,
): Promise<() => Step<[string], Result>> {
  let now: Step<[string], Result> | undefined;
  const tell = (step: Step<[string], Result>) => {
    now = step;
  };
  await draw(
    <Vestibule client={app} {...(prove && { prove })}>
      <Form take={take} tell={tell} />
    </Vestibule>,
  );
  return () => now as Step<[string], Result>;
}

test("a step is busy, then done or wrong, and a second click does nothing", async () => {
  const { client: app } = client(signedIn());
  const slow = promise<string>();
  const take = vi.fn((_: string) => slow.kept);
  const step = await stepOf(app, take);
  let first: Promise<unknown> = Promise.resolve();
  await act(async () => {
    first = step().run("a");
    expect(await step().run("b")).toBeUndefined();
  });
  expect(step()).toMatchObject({ busy: true, error: undefined });
  await act(async () => slow.keep("done"));
  expect(await first).toBe("done");
  expect(step()).toMatchObject({ busy: false, error: undefined, faults: {} });
  expect(take.mock.calls).toEqual([["a"]]);

  take.mockRejectedValueOnce(new Error("No."));
  await act(async () => expect(await step().run("c")).toBeUndefined());
  expect(step()).toMatchObject({ busy: false, faults: { "": "No." } });
  act(() => step().reset());
  expect(step()).toMatchObject({ error: undefined, faults: {} });
});

test("faults are told by field", async () => {
  const errors = [{ code: "invalid", message: "Not an address.", param: "email" }];
  const { client: app } = client(signedIn(), { status: 400, body: { status: 400, errors } });
  const step = await stepOf(app, (email) => app.addEmail(email));
  await act(async () => void (await step().run("a")));
  expect(step().faults).toEqual({ email: "Not an address." });
});

function Dialog({ prove, cancel }: Asked) {
  const step = useStep((password: string) => prove.byPassword?.(password) ?? Promise.reject(new Error("no way")));
  return (
    <dialog open>
      <button type="button" onClick={() => step.run("wrong or right")}>
        Prove
      </button>
      <button type="button" onClick={cancel}>
        Cancel
      </button>
      {step.faults[""]}
    </dialog>
  );
}

const click = (name: string) =>
  act(async () => [...box.querySelectorAll("button")].find((b) => b.textContent === name)?.click());

test("a step that asks for a proof is taken once it is given", async () => {
  const added: Said = { body: { status: 200, data: [{ email: "b@example.org", primary: false, verified: false }] } };
  const wrong: Said = {
    status: 400,
    body: { status: 400, errors: [{ code: "incorrect_password", message: "Wrong." }] },
  };
  const { client: app, asked } = client(signedIn(), mustProve, wrong, signedIn(), added);
  const step = await stepOf(
    app,
    (email) => app.addEmail(email),
    (a) => <Dialog {...a} />,
  );
  let done: Promise<unknown> = Promise.resolve();
  await act(async () => {
    done = step().run("b@example.org");
  });
  expect(text()).toBe("ProveCancel");
  expect(step().busy).toBe(true);
  await click("Prove");
  expect(text()).toBe("ProveCancelWrong."); // it stays, to be tried again
  await click("Prove");
  expect(await done).toMatchObject([{ email: "b@example.org" }]);
  expect(text()).toBe("");
  expect(step()).toMatchObject({ busy: false, error: undefined });
  expect(asked.slice(2).map((a) => a.path.replace("/_allauth/app/v1/", ""))).toEqual([
    "account/email",
    "auth/reauthenticate",
    "auth/reauthenticate",
    "account/email",
  ]);
});

test("a proof that is given up leaves everything as it was", async () => {
  const { client: app, asked } = client(signedIn(), mustProve);
  const step = await stepOf(
    app,
    (email) => app.addEmail(email),
    (a) => <Dialog {...a} />,
  );
  await act(async () => void step().run("b@example.org"));
  await click("Cancel");
  expect(text()).toBe("");
  expect(step().faults).toEqual({ "": "Nothing was changed." });
  expect(asked).toHaveLength(3);
});

test("without a dialog the error says that a proof is needed", async () => {
  const { client: app } = client(signedIn(), mustProve);
  const step = await stepOf(app, (email) => app.addEmail(email));
  await act(async () => void (await step().run("b@example.org")));
  expect(step().error).toMatchObject({ reason: "reauthenticate" });
});

test("steps that ask for a proof at the same time wait for the same one", async () => {
  const done: Said = { body: { status: 200, data: [] } };
  const { client: app, asked } = client(signedIn(), mustProve, mustProve, signedIn(), done);
  const steps: Record<string, Step<[string], unknown>> = {};
  await draw(
    <Vestibule client={app} prove={(a) => <Dialog {...a} />}>
      <Form take={(email) => app.addEmail(email)} tell={(step) => Object.assign(steps, { add: step })} />
      <Form take={(email) => app.removeEmail(email)} tell={(step) => Object.assign(steps, { remove: step })} />
    </Vestibule>,
  );
  await act(async () => {
    void steps.add?.run("b@example.org");
    void steps.remove?.run("c@example.org");
  });
  expect(text()).toBe("ProveCancel");
  await click("Prove");
  expect(text()).toBe("");
  expect(steps).toMatchObject({ add: { busy: false, error: undefined }, remove: { busy: false, error: undefined } });
  expect(asked.slice(2).map((a) => a.method)).toEqual(["POST", "DELETE", "POST", "POST", "DELETE"]);
});

const dialog = (a: Asked) => <Dialog {...a} />;
const add = (app: Client) => (email: string) => app.addEmail(email);

test("what one user began is not done for another who proves it", async () => {
  const { client: app, asked } = client(signedIn(), mustProve, signedIn(bob));
  const step = await stepOf(app, add(app), dialog);
  let done: Promise<unknown> = Promise.resolve();
  await act(async () => {
    done = step().run("ann2@example.org");
  });
  await click("Prove"); // bob, who has signed in meanwhile
  expect(await done).toBeUndefined();
  expect(text()).toBe("");
  expect(step().error).toMatchObject({ name: "GivenUp" });
  expect(asked).toHaveLength(4);
});

test.each([
  ["ends", signedOut()],
  ["is another user's", signedIn(bob)],
])("the dialog goes where the session %s", async (_, said) => {
  const { client: app, asked } = client(signedIn(), mustProve, said);
  const step = await stepOf(app, add(app), dialog);
  await act(async () => void step().run("b@example.org"));
  expect(text()).toBe("ProveCancel");
  await act(async () => {
    await app.session();
  });
  expect(text()).toBe("");
  expect(step()).toMatchObject({ busy: false, error: { name: "GivenUp" } });
  expect(asked).toHaveLength(4);
});

test("a proof that comes after it was given up leaves the next dialog alone", async () => {
  const slow = promise<Said>();
  const { client: app } = client(signedIn(), mustProve, () => slow.kept, mustProve, signedIn(), {
    body: { status: 200, data: [] },
  });
  const step = await stepOf(app, add(app), dialog);
  await act(async () => void step().run("b@example.org"));
  await click("Prove");
  await click("Cancel");
  let done: Promise<unknown> = Promise.resolve();
  await act(async () => {
    done = step().run("c@example.org");
  });
  expect(text()).toBe("ProveCancel");
  await act(async () => slow.keep(signedIn()));
  expect(text()).toBe("ProveCancel");
  await click("Prove");
  expect(await done).toEqual([]);
});

test("a step in the dialog that needs a proof itself says so", async () => {
  const { client: app } = client(signedIn(), mustProve, mustProve);
  const step = await stepOf(app, add(app), dialog);
  await act(async () => void step().run("b@example.org"));
  await click("Prove");
  expect(text()).toBe("ProveCancelProve first that it is you.");
});

test("after the proof is done what was clicked, not what is drawn by then", async () => {
  const { client: app, asked } = client(signedIn(), mustProve, signedIn(), { body: { status: 200, data: [] } });
  let step: Step<[string], unknown> | undefined;
  const tell = (now: Step<[string], unknown>) => {
    step = now;
  };
  const page = (email: string) => (
    <Vestibule client={app} prove={dialog}>
      <Form take={() => app.removeEmail(email)} tell={tell} />
    </Vestibule>
  );
  await draw(page("clicked@example.org"));
  await act(async () => void step?.run(""));
  await draw(page("drawn@example.org"));
  await click("Prove");
  expect(asked.filter((a) => a.method === "DELETE").map((a) => a.body)).toEqual([
    { email: "clicked@example.org" },
    { email: "clicked@example.org" },
  ]);
});

test.each([
  ["the provider goes", () => null],
  ["the dialog goes", (app: Client) => <Vestibule client={app} />],
  ["another client comes", () => <Vestibule client={client(signedOut()).client} prove={dialog} />],
])("nobody waits for a proof for ever where %s", async (_, next) => {
  const { client: app } = client(signedIn(), mustProve);
  const step = await stepOf(app, add(app), dialog);
  const done = vi.fn();
  await act(async () => void step().run("b@example.org").then(done));
  await draw(next(app));
  expect(text()).toBe("");
  expect(done).toHaveBeenCalledWith(undefined);
});

function Offers({ tell }: { tell: (client: Client, open: boolean | undefined) => void }) {
  tell(useClient(), useConfig()?.account.is_open_for_signup);
  return null;
}

test.each([
  ["the provider goes", () => null],
  ["another client comes", () => <Vestibule client={client(signedOut()).client} prove={dialog} />],
])("a step that is refused when it is too late to ask for a proof is given up: %s", async (_, next) => {
  const slow = promise<Said>();
  const { client: app } = client(signedIn(), () => slow.kept);
  const step = await stepOf(app, add(app), dialog);
  const done = vi.fn();
  await act(async () => void step().run("b@example.org").then(done));
  await draw(next());
  await act(async () => slow.keep(mustProve));
  expect(text()).toBe("");
  expect(done).toHaveBeenCalledWith(undefined);
});

test("what one tenant offers is not told of another", async () => {
  const slow = promise<Said>();
  const one = client(signedIn()).client;
  const two = new AppClient({ url, fetch: script(() => slow.kept).fetch });
  const seen: string[] = [];
  const tell = (app: Client, open: boolean | undefined) => void seen.push(`${app === one ? "one" : "two"} ${open}`);
  for (const app of [one, two]) {
    await draw(
      <Vestibule client={app}>
        <Offers tell={tell} />
      </Vestibule>,
    );
  }
  expect(seen).toContain("one true");
  expect(seen).not.toContain("two true");
});

test("on a server nobody is known, and a page takes over what was drawn there", async () => {
  const { client: app } = client(signedIn());
  const page = (
    <Vestibule client={app}>
      <Guards />
    </Vestibule>
  );
  expect(renderToString(page)).toBe("1 loads ");
  await app.config();
  await app.session(); // before the page takes over
  const wrong = vi.fn();
  const drawn = box.appendChild(document.createElement("div"));
  drawn.innerHTML = renderToString(page);
  let other: Root | undefined;
  await act(async () => {
    other = hydrateRoot(drawn, page, { onRecoverableError: wrong });
  });
  expect(text()).toBe("1 has ann 2 waits for nothing 3 has ann ");
  expect(wrong).not.toHaveBeenCalled();
  act(() => other?.unmount());
});

test("a page that somebody goes back to after a logout is not drawn as it was left", async () => {
  const { client: app, asked } = client(signedIn(), signedOut());
  await draw(
    <Vestibule client={app}>
      <Guards />
    </Vestibule>,
  );
  const shown = (persisted: boolean) =>
    act(async () => dispatchEvent(Object.assign(new Event("pageshow"), { persisted })));
  await shown(false); // it was just loaded
  expect(asked).toHaveLength(2);
  await shown(true);
  expect(text()).toBe("1 is signed-out 2 waits for nothing 3 is for strangers");
});
