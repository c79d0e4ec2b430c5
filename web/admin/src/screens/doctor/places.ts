// Where what the doctor speaks of is changed: pure functions.
import type { Schema } from "../../api/client";
import { type Line, sh } from "../../parts/sh";

export type Check = Schema<"Check">;
export type Level = Check["level"];

/** What subjects are called. */
export const subjects: Record<string, string> = {
  answer: "Answer",
  tenant: "Tenant",
  scheme: "Encryption",
  client_ip: "Client's address",
  cookies: "Cookies",
  cors: "Other origins",
  csrf: "CSRF token",
  traffic: "Traffic",
};

/** The screen of a tenant that has a setting; undefined where it is the server's. */
export function placeOf(setting: string): string | undefined {
  if (setting.startsWith("VESTIBULE_")) {
    return undefined;
  }
  if (setting === "hosts" || setting === "public_url" || /^(cors\.|cookies\.(domain|samesite|secure)$)/.test(setting)) {
    return "urls";
  }
  if (setting === "state") {
    return "danger";
  }
  return setting.startsWith("cookies.") ? "sessions" : "config";
}

const ranks: Record<Level, number> = { problem: 0, warning: 1, unknown: 2, ok: 3 };

/** What is wrong first, and otherwise as the server has it. */
export function order(checks: Check[]): Check[] {
  return checks.toSorted((a, b) => ranks[a.level] - ranks[b.level]);
}

/** The command that sends a probe, for a shell on any machine that has curl. */
export function curl(url: string, path: string, headers: Record<string, string>): Line {
  let origin: string;
  try {
    origin = new URL(url).origin;
  } catch {
    origin = url;
  }
  const given = Object.entries(headers).map(([name, value]) => sh`-H ${`${name}: ${value}`}`);
  return sh`curl -sS -D - -o /dev/null ${given} ${origin + path}`;
}
