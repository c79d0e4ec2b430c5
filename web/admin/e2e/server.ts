// A server of its own for a test: the real one, with a database of its own, and the mail that it sends kept at hand.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const binary = resolve(import.meta.dirname, "../../../bin/server");

async function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const probe = createServer();
    probe.once("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => (typeof address === "object" && address ? done(address.port) : failed(new Error("no port"))));
    });
  });
}

/** A body of the headless API, as far as tests look into it. */
// biome-ignore lint/suspicious/noExplicitAny: tests look at what they expect, and fail where it is not there
export type Answer = any;

export class Server {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    /** Where front ends reach the demo tenant. */
    readonly publicURL: string,
    /** Where operators sign in. */
    readonly operatorsURL: string,
    /** The emergency token. */
    readonly token: string,
    private readonly output: string[],
  ) {}

  /** Starts one, whose operators sign in at a name of this machine. */
  static async start(env: Record<string, string> = {}, name = "localhost"): Promise<Server> {
    const folder = await mkdtemp(join(tmpdir(), "vestibule-e2e-"));
    const [publicPort, operatorsPort] = [await freePort(), await freePort()];
    const output: string[] = [];
    const child = spawn(binary, ["--dev"], {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        VESTIBULE_LISTEN: `127.0.0.1:${publicPort}`,
        VESTIBULE_ADMIN_LISTEN: `127.0.0.1:${operatorsPort}`,
        ...(name === "localhost" ? {} : { VESTIBULE_ADMIN_PUBLIC_URL: `http://${name}:${operatorsPort}` }),
        ...env,
      },
    });
    child.stdout?.on("data", (d) => output.push(String(d)));
    child.stderr?.on("data", (d) => output.push(String(d)));
    const operatorsURL = `http://${name}:${operatorsPort}`;
    for (let tries = 0; ; tries++) {
      if (child.exitCode !== null || tries > 300) {
        throw new Error(`the server did not start (has it been built?):\n${output.join("")}`);
      }
      const ready = await fetch(`http://localhost:${operatorsPort}/readyz`).then(
        (r) => r.ok,
        () => false,
      );
      if (ready) {
        break;
      }
      await new Promise((r) => setTimeout(r, 100));
    }
    const token = (await readFile(join(folder, ".vestibule/admin-token"), "utf8")).trim();
    return new Server(child, folder, `http://localhost:${publicPort}`, operatorsURL, token, output);
  }

  async stop(): Promise<void> {
    const ended = new Promise((done) => this.child.once("exit", done));
    this.child.kill("SIGTERM");
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }

  /** What the server logged. */
  log(): string {
    return this.output.join("");
  }

  /** Calls the admin API with the emergency token. */
  async admin(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.operatorsURL}/admin/v1${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`${method} ${path}: ${response.status} ${text}`);
    }
    return text === "" ? undefined : JSON.parse(text);
  }

  /** The latest mail to somebody, as soon as it is there: its subject and its text. */
  async mail(to: string): Promise<string> {
    for (let tries = 0; tries < 300; tries++) {
      const { items } = (await this.admin("GET", `/dev/mail?limit=1&to=${encodeURIComponent(to)}`)) as {
        items: { subject: string; text: string }[];
      };
      if (items[0]) {
        return `${items[0].subject}\n\n${items[0].text}`;
      }
      await new Promise((r) => setTimeout(r, 100));
    }
    throw new Error(`no mail to ${to}:\n${this.log()}`);
  }

  /** Calls the public API of a tenant's app client. */
  async app(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: Answer }> {
    const response = await fetch(`${this.publicURL}/_allauth/app/v1${path}`, {
      method,
      headers: { "Content-Type": "application/json", ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status: response.status, body: await response.json().catch(() => undefined) };
  }
}
