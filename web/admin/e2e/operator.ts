// An operator with a password and an authenticator app, and the cookies of their session, for tests that begin behind the sign-in page.
import type { Cookie } from "playwright-core";
import type { Answer, Server } from "./server";
import { Authenticator } from "./totp";

export interface Operator {
  email: string;
  password: string;
  authenticator: Authenticator;
  cookies: Cookie[];
  /** Their session, for calls past the pages. */
  visitor: Visitor;
}

type Grant = { role: string; tenant?: string };

/** A browser as the operators' API sees it: cookies, and what each change must come with. */
export class Visitor {
  private readonly jar = new Map<string, string>();
  constructor(private readonly server: Server) {}

  async call(method: string, path: string, body?: unknown): Promise<{ status: number; body: Answer }> {
    const response = await fetch(`${this.server.operatorsURL}/_allauth/browser/v1${path}`, {
      method,
      headers: {
        "Content-Type": "application/json",
        Origin: this.server.operatorsURL,
        Cookie: [...this.jar].map(([k, v]) => `${k}=${v}`).join("; "),
        "X-CSRFToken": this.jar.get("vestibule_operator_csrf") ?? "",
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/) ?? [];
      if (name) {
        this.jar.set(name, value ?? "");
      }
    }
    return { status: response.status, body: (await response.json()) as Answer };
  }

  /** The same, and fails unless the status is one of these. */
  async want(statuses: number[], method: string, path: string, body?: unknown): Promise<Answer> {
    const got = await this.call(method, path, body);
    if (!statuses.includes(got.status)) {
      throw new Error(`${method} ${path}: got ${got.status}: ${JSON.stringify(got.body)}`);
    }
    return got.body;
  }

  cookies(): Cookie[] {
    return [...this.jar].map(([name, value]) => ({
      name,
      value,
      domain: "localhost",
      path: "/",
      expires: -1,
      httpOnly: name === "vestibule_operator",
      secure: false,
      sameSite: "Strict" as const,
    }));
  }
}

/** Invites an operator, and is the path of the page where they choose a password. */
export async function invite(server: Server, email: string, grants: Grant[] = [{ role: "owner" }]): Promise<string> {
  const made = (await server.admin("POST", "/operators", { email, name: email.split("@")[0], grants })) as {
    invitation_url: string;
  };
  return new URL(made.invitation_url).pathname;
}

const password = "Granite-Lantern-72";

/** An operator who has signed in with a password, and has no second factor yet. */
export async function newcomer(server: Server, email: string, grants?: Grant[]): Promise<Visitor> {
  const visitor = new Visitor(server);
  const key = (await invite(server, email, grants)).split("/").pop();
  await visitor.call("GET", "/auth/session");
  await visitor.want([200, 401], "POST", "/auth/password/reset", { key, password });
  await visitor.want([200], "POST", "/auth/login", { email, password });
  return visitor;
}

/** Makes an operator and signs them in, by the same API that the pages use. */
export async function operator(server: Server, email = "olivia@example.org", grants?: Grant[]): Promise<Operator> {
  const visitor = await newcomer(server, email, grants);
  const pending = await visitor.call("GET", "/account/authenticators/totp");
  const authenticator = new Authenticator(pending.body.meta.secret);
  await visitor.want([200], "POST", "/account/authenticators/totp", { code: await authenticator.code() });
  return { email, password, authenticator, cookies: visitor.cookies(), visitor };
}
