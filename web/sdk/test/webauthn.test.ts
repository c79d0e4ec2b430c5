import { afterEach, expect, test, vi } from "vitest";
import { AppClient, autofillWorks, KeyError, keysWork, makeKey, showKey } from "../src/index.ts";
import { script, signedIn, thrownBy } from "./script.ts";

afterEach(() => vi.unstubAllGlobals());

const buffer = (...of: number[]) => new Uint8Array(of).buffer;
const numbers = (of: unknown) => [...new Uint8Array(of as ArrayBuffer)];

/** A browser that knows WebAuthn, but not its JSON half. */
function old(credential: Record<string, unknown>) {
  const create = vi.fn(async (_: unknown) => credential);
  const get = vi.fn(async (_: unknown) => credential);
  vi.stubGlobal("PublicKeyCredential", class {});
  vi.stubGlobal("navigator", { credentials: { create, get } });
  return { create, get };
}

const key = {
  id: "_-8",
  rawId: buffer(255, 239),
  type: "public-key",
  authenticatorAttachment: null,
  getClientExtensionResults: () => ({ credProps: { rk: true } }),
};

test("a key is made in a browser without the JSON half", async () => {
  const { create } = old({
    ...key,
    response: { clientDataJSON: buffer(1, 2, 3), attestationObject: buffer(4), getTransports: () => ["internal"] },
  });
  const made = await makeKey({
    publicKey: {
      challenge: "_-8",
      rp: { id: "example.org", name: "Example" },
      user: { id: "AQID", name: "ann", displayName: "Ann" },
      pubKeyCredParams: [{ type: "public-key", alg: -7 }],
      excludeCredentials: [{ type: "public-key", id: "BAU" }],
    },
  } as never);
  expect(made).toEqual({
    id: "_-8",
    rawId: "_-8",
    type: "public-key",
    authenticatorAttachment: undefined,
    clientExtensionResults: { credProps: { rk: true } },
    response: { clientDataJSON: "AQID", attestationObject: "BA", transports: ["internal"] },
  });
  const [{ publicKey }] = create.mock.calls[0] as unknown as [{ publicKey: PublicKeyCredentialCreationOptions }];
  expect(numbers(publicKey.challenge)).toEqual([255, 239]);
  expect(numbers(publicKey.user.id)).toEqual([1, 2, 3]);
  expect(publicKey.user.name).toBe("ann");
  expect(numbers(publicKey.excludeCredentials?.[0]?.id)).toEqual([4, 5]);
  expect(publicKey.pubKeyCredParams).toEqual([{ type: "public-key", alg: -7 }]);
});

test("a key is shown in a browser without the JSON half", async () => {
  const response = { clientDataJSON: buffer(1), authenticatorData: buffer(2), signature: buffer(3) };
  const { get } = old({ ...key, response: { ...response, userHandle: buffer(4) } });
  const end = new AbortController();
  const shown = await showKey({ publicKey: { challenge: "AQ", rpId: "example.org" } } as never, {
    autofill: true,
    signal: end.signal,
  });
  expect(shown.response).toEqual({ clientDataJSON: "AQ", authenticatorData: "Ag", signature: "Aw", userHandle: "BA" });
  expect(get.mock.calls[0]?.[0]).toMatchObject({
    mediation: "conditional",
    signal: end.signal,
    publicKey: { rpId: "example.org", allowCredentials: [] },
  });
  old({ ...key, response: { ...response, userHandle: null } });
  const anonymous = await showKey({
    publicKey: { challenge: "AQ", allowCredentials: [{ type: "public-key", id: "BAU" }] },
  } as never);
  expect(anonymous.response).not.toHaveProperty("userHandle");
});

test("the JSON half is used where it is there", async () => {
  const { get, create } = old({ toJSON: () => ({ id: "own" }) });
  Object.assign(PublicKeyCredential, {
    parseRequestOptionsFromJSON: (json: unknown) => ({ parsed: json }),
    parseCreationOptionsFromJSON: (json: unknown) => ({ parsed: json }),
  });
  expect(await showKey({ publicKey: { challenge: "AQ" } } as never)).toEqual({ id: "own" });
  expect(await makeKey({ publicKey: { challenge: "Ag" } } as never)).toEqual({ id: "own" });
  expect(get.mock.calls[0]?.[0]).toEqual({ publicKey: { parsed: { challenge: "AQ" } } });
  expect(create.mock.calls[0]?.[0]).toEqual({ publicKey: { parsed: { challenge: "Ag" } } });
});

test.each([
  ["NotAllowedError", "dismissed"],
  ["AbortError", "dismissed"],
  ["InvalidStateError", "known"],
  ["SecurityError", "address"],
  ["NotSupportedError", "unsupported"],
  ["UnknownError", "failed"],
])("%s of the browser is the reason %s", async (name, reason) => {
  const { create } = old({});
  create.mockRejectedValue(new DOMException("no", name));
  const error = await thrownBy(makeKey({ publicKey: { challenge: "AQ", user: { id: "AQ" } } } as never));
  expect(error).toBeInstanceOf(KeyError);
  expect(error).toMatchObject({ reason });
});

test("a dialog that gives nothing is a failure", async () => {
  const { get } = old({});
  get.mockResolvedValue(null as never);
  expect(await thrownBy(showKey({ publicKey: { challenge: "AQ" } } as never))).toMatchObject({ reason: "failed" });
});

test("where there are no keys, that is said, and nothing is asked of the browser", async () => {
  vi.stubGlobal("PublicKeyCredential", undefined);
  expect(keysWork()).toBe(false);
  expect(await autofillWorks()).toBe(false);
  expect(await thrownBy(makeKey({ publicKey: {} } as never))).toMatchObject({ reason: "unsupported" });
});

test("whether passkeys can be filled in", async () => {
  old({});
  expect(keysWork()).toBe(true);
  expect(await autofillWorks()).toBe(false);
  Object.assign(PublicKeyCredential, { isConditionalMediationAvailable: async () => true });
  expect(await autofillWorks()).toBe(true);
});

test("each ceremony asks for its options, and sends what the browser gave", async () => {
  const { create, get } = old({ toJSON: () => ({ id: "key" }) });
  const options = {
    body: {
      status: 200,
      data: {
        creation_options: { publicKey: { challenge: "AQ", user: { id: "AQ" } } },
        request_options: { publicKey: { challenge: "AQ" } },
      },
    },
  };
  const added = {
    body: {
      status: 200,
      data: { type: "webauthn", created_at: 1, last_used_at: null, id: 1 },
      meta: { recovery_codes_generated: true },
    },
  };
  const { fetch, asked } = script(
    options,
    signedIn(),
    options,
    signedIn(),
    options,
    signedIn(),
    options,
    signedIn(),
    options,
    added,
  );
  const app = new AppClient({ url: "https://acme.example.org", fetch });
  await app.loginWithPasskey();
  await app.authenticateWithKey();
  await app.reauthenticateWithKey();
  await app.finishSignupWithKey("Laptop");
  expect(await app.createKey({ name: "Laptop", passwordless: true })).toMatchObject({
    recoveryCodes: true,
    key: { id: 1 },
  });
  const credential = { id: "key" };
  expect(asked.map((a) => [a.method, a.path.replace("/_allauth/app/v1/", ""), a.body])).toEqual([
    ["GET", "auth/webauthn/login", undefined],
    ["POST", "auth/webauthn/login", { credential }],
    ["GET", "auth/webauthn/authenticate", undefined],
    ["POST", "auth/webauthn/authenticate", { credential }],
    ["GET", "auth/webauthn/reauthenticate", undefined],
    ["POST", "auth/webauthn/reauthenticate", { credential }],
    ["GET", "auth/webauthn/signup", undefined],
    ["PUT", "auth/webauthn/signup", { name: "Laptop", credential }],
    ["GET", "account/authenticators/webauthn?passwordless", undefined],
    ["POST", "account/authenticators/webauthn", { name: "Laptop", credential }],
  ]);
  expect([create.mock.calls.length, get.mock.calls.length]).toEqual([2, 3]);
});
