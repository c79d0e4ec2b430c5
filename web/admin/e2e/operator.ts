// An operator with a password and an authenticator app, and the cookies of their session, for tests that begin behind the sign-in page.
import type { Cookie } from "playwright-core";
import type { Answer, Server } from "./server";
import { Authenticator } from "./totp";

export interface Operator {
  email: string;
  password: string;
  authenticator: Authenticator;
  cookies: Cookie[];
}

type Grant = { role: string; tenant?: string };

/** Makes an operator and signs them in, by the same API that the pages use. */
export async function operator(
  server: Server,
  email = "olivia@example.org",
  grants: Grant[] = [{ role: "owner" }],
): Promise<Operator> {
  const password = "Granite-Lantern-72";
  const made = (await server.admin("POST", "/operators", { email, name: email.split("@")[0], grants })) as {
    invitation_url: string;
  };
  const jar = new Map<string, string>();
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${server.operatorsURL}/_allauth/browser/v1${path}`, {
      method,
      headers: {
        "Content-Type": "application/json",
        Origin: server.operatorsURL,
        Cookie: [...jar].map(([k, v]) => `${k}=${v}`).join("; "),
        "X-CSRFToken": jar.get("vestibule_operator_csrf") ?? "",
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/) ?? [];
      if (name) {
        jar.set(name, value ?? "");
      }
    }
    return { status: response.status, body: (await response.json()) as Answer };
  };
  const want = (got: { status: number; body: Answer }, ...statuses: number[]) => {
    if (!statuses.includes(got.status)) {
      throw new Error(`got ${got.status}: ${JSON.stringify(got.body)}`);
    }
    return got;
  };
  await call("GET", "/auth/session");
  want(
    await call("POST", "/auth/password/reset", {
      key: new URL(made.invitation_url).pathname.split("/").pop(),
      password,
    }),
    200,
    401,
  );
  want(await call("POST", "/auth/login", { email, password }), 200);
  const pending = await call("GET", "/account/authenticators/totp");
  const authenticator = new Authenticator(pending.body.meta.secret);
  want(await call("POST", "/account/authenticators/totp", { code: await authenticator.code() }), 200);
  const cookies = [...jar].map(([name, value]) => ({
    name,
    value,
    domain: "localhost",
    path: "/",
    expires: -1,
    httpOnly: name === "vestibule_operator",
    secure: false,
    sameSite: "Strict" as const,
  }));
  return { email, password, authenticator, cookies };
}
