// Every screen has an address. A screen's code is fetched when somebody goes there; what it may show, the server decides.
import { createRootRoute, createRoute, createRouter, Outlet, redirect } from "@tanstack/react-router";
import { gate } from "./api/queries";
import { Bars } from "./parts/Loaded";
import { Ended } from "./session/Ended";
import { type Missing, stays } from "./session/unsaved";
import { Lost } from "./shell/Lost";
import { lazily } from "./shell/lazily";
import { Shell } from "./shell/Shell";

// An address that somebody typed has numbers and truth values without quotes.
const text = (v: unknown) =>
  typeof v === "number" || typeof v === "boolean" ? String(v) : typeof v === "string" && v !== "" ? v : undefined;

/** Filters and places within a screen, as they stand in its address. */
function search(...names: string[]) {
  return (given: Record<string, unknown>) =>
    Object.fromEntries(names.flatMap((n) => (text(given[n]) ? [[n, text(given[n])]] : []))) as Record<
      string,
      string | undefined
    >;
}

const root = createRootRoute({
  component: () => (
    <>
      <Outlet />
      <Ended />
    </>
  ),
  notFoundComponent: Lost,
});

// Before somebody is signed in.
const open = createRoute({
  getParentRoute: () => root,
  id: "open",
  component: lazily(async () => ({ default: (await import("./shell/Open")).Open })),
});
const entry = <Path extends string>(path: Path, load: () => Promise<{ default: React.ComponentType }>) =>
  createRoute({
    getParentRoute: () => open,
    path,
    validateSearch: search("return"),
    component: lazily(load),
  });
const entries = [
  entry("/sign-in", () => import("./screens/SignIn")),
  entry("/first-owner", () => import("./screens/FirstOwner")),
  entry("/second-factor", () => import("./screens/SecondFactor")),
  entry("/account/password/reset", () => import("./screens/PasswordReset")),
  entry("/account/password/reset/key/$key", () => import("./screens/PasswordResetKey")),
  entry("/account/verify-email/$key", () => import("./screens/VerifyEmail")),
];

// Of the platform.
const shell = createRoute({ getParentRoute: () => root, id: "shell", component: Shell });
const screen = <Path extends string>(
  path: Path,
  load: () => Promise<{ default: React.ComponentType }>,
  ...names: string[]
) =>
  createRoute({
    getParentRoute: () => shell,
    path,
    validateSearch: search(...names),
    component: lazily(load),
  });
const screens = [
  screen("/", () => import("./screens/Fleet"), "interval"),
  screen("/tenants", () => import("./screens/Tenants"), "q", "state"),
  screen("/new-tenant", () => import("./screens/NewTenant"), "template"),
  screen("/deleted-tenants", () => import("./screens/DeletedTenants")),
  screen("/audit", () => import("./screens/Audit"), "action", "actor", "user", "session", "request", "since", "until"),
  screen("/operators", () => import("./screens/Operators")),
  screen("/tokens", () => import("./screens/Tokens")),
  screen("/doctor", () => import("./screens/Doctor"), "url", "origin"),
  screen("/account", () => import("./screens/Account")),
];

// Of one tenant.
const tenant = createRoute({
  getParentRoute: () => shell,
  path: "/tenants/$slug",
  component: lazily(async () => ({ default: (await import("./shell/TenantFrame")).TenantFrame })),
});
const part = <Path extends string>(
  path: Path,
  load: () => Promise<{ default: React.ComponentType }>,
  ...names: string[]
) =>
  createRoute({
    getParentRoute: () => tenant,
    path,
    validateSearch: search(...names),
    component: lazily(load),
  });
const parts = [
  part("/", () => import("./screens/TenantOverview"), "interval"),
  part(
    "users",
    () => import("./screens/Users"),
    "q",
    "active",
    "verified",
    "factor",
    "created_from",
    "created_until",
    "last_login_from",
    "last_login_until",
  ),
  part("users/$id", () => import("./screens/User"), "tab"),
  part("deleted-users", () => import("./screens/DeletedUsers")),
  part("imports", () => import("./screens/Imports")),
  part("imports/$id", () => import("./screens/Import")),
  part("sign-in-methods", () => import("./screens/SignInMethods")),
  part("providers", () => import("./screens/Providers")),
  part("mfa", () => import("./screens/Mfa")),
  part("sessions", () => import("./screens/Sessions")),
  part("protection", () => import("./screens/Protection")),
  part("urls", () => import("./screens/Urls")),
  part("email", () => import("./screens/Email")),
  part("templates", () => import("./screens/Templates")),
  part("templates/$kind", () => import("./screens/Template")),
  part("messages", () => import("./screens/Messages"), "state", "kind", "channel", "id"),
  part("webhooks", () => import("./screens/Webhooks")),
  part("webhooks/$id", () => import("./screens/Webhook"), "state", "delivery"),
  part("audit", () => import("./screens/Audit"), "action", "actor", "user", "session", "request", "since", "until"),
  part("config", () => import("./screens/Config")),
  part("versions", () => import("./screens/Versions"), "from", "to"),
  part("doctor", () => import("./screens/Doctor"), "url", "origin"),
  part("danger", () => import("./screens/Danger")),
];

// The first pages of a new machine, for whoever types what they remember.
const aliases = ["/login", "/signin"].map((path) =>
  createRoute({
    getParentRoute: () => root,
    path,
    beforeLoad: () => {
      throw redirect({ to: "/sign-in" });
    },
  }),
);

export const router = createRouter({
  routeTree: root.addChildren([
    open.addChildren(entries),
    shell.addChildren([...screens, tenant.addChildren(parts)]),
    ...aliases,
  ]),
  defaultPreload: "intent",
  defaultPendingComponent: () => <Bars lines={8} />,
  defaultPendingMs: 300,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

/** Where to go back to: a path of these pages, and no other address. */
export function back(to: string | undefined): string {
  return to && /^\/(?![/\\])/.test(to) ? to : "/";
}

const away = (missing: Missing) => () => {
  const here = router.state.location;
  const to = `/${missing}` as const;
  if (!here.pathname.startsWith(to) && !stays(missing)) {
    void router.navigate({ to, search: { return: here.href } as never, replace: true });
  }
};
gate.signIn = away("sign-in");
gate.secondFactor = away("second-factor");
