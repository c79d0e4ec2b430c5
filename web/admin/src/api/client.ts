// The two wires, as their documents describe them. There is no other way to the server: paths, parameters, bodies and answers are
// checked against the documents when this is compiled.
import createFetchClient, { type Middleware } from "openapi-fetch";
import createQueryClient from "openapi-react-query";
import type { paths as HeadlessPaths } from "../../../sdk/src/wire";
import type { paths as AdminPaths, components } from "./admin";
import { isProblem } from "./problem";
import { closed } from "./queries";

/** Schemas of the admin API: Schema<"Tenant">. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

const said = (name: string) => document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
export const csrfCookie = said("csrf-cookie");

/** Where operators sign in, such as http://localhost:9090. At another address of the same server, nobody can. */
export const publicURL = said("public-url");

/** What this deployment is called, such as staging; "" for nothing. */
export const environment = said("environment");

/** The value of a cookie that scripts may read; "" if there is none. */
export function cookie(name: string, jar = document.cookie): string {
  for (const pair of jar.split("; ")) {
    if (pair.startsWith(`${name}=`)) {
      return decodeURIComponent(pair.slice(name.length + 1));
    }
  }
  return "";
}

// What changes something shows that it comes from these pages.
const csrf: Middleware = {
  onRequest({ request }) {
    if (request.method !== "GET" && request.method !== "HEAD" && !request.headers.has("Authorization")) {
      request.headers.set("X-CSRFToken", cookie(csrfCookie));
    }
    return request;
  },
};

// Whichever call finds it out: the session has ended. A token of somebody's own is none of it.
const ended: Middleware = {
  async onResponse({ request, response }) {
    if ((response.status !== 401 && response.status !== 403) || request.headers.has("Authorization")) {
      return;
    }
    const problem: unknown = await response
      .clone()
      .json()
      .catch(() => undefined);
    closed(problem);
    if (isProblem(problem, "forbidden") && request.method !== "GET") {
      // Where the browser has let go of the session, what comes with a change is refused before anybody asks whose it is.
      void admin.GET("/admin/v1/me").catch(() => {});
    }
  },
};

/** The admin API, for calls that are no query: const { data, error } = await admin.POST(…). */
export const admin = createFetchClient<AdminPaths>({ baseUrl: location.origin });
admin.use(csrf, ended);

/** The admin API as queries and mutations: api.useQuery("get", "/admin/v1/me"). */
export const api = createQueryClient(admin);

/** The headless API of the operators' own tenant, by which they sign in. */
export const headless = createFetchClient<HeadlessPaths>({ baseUrl: location.origin });
headless.use(csrf);

/** A path parameter that the headless API's every path has. */
export const browser = { params: { path: { client: "browser" as const } } };
