// What somebody has to do with their own account, read by the headless API.
import { useQuery } from "@tanstack/react-query";
import type { components } from "../../../sdk/src/wire";
import { browser, headless } from "../api/client";
import { queries } from "../api/queries";
import { ask } from "./answers";

export type Factor = components["schemas"]["Authenticator"];

export function useFactors() {
  return useQuery({
    queryKey: ["own", "authenticators"],
    queryFn: async () => (await ask(() => headless.GET("/_allauth/{client}/v1/account/authenticators", browser))).data,
  });
}

export function useOwnSessions() {
  return useQuery({
    queryKey: ["own", "sessions"],
    queryFn: async () => (await ask(() => headless.GET("/_allauth/{client}/v1/auth/sessions", browser))).data,
  });
}

/** What is offered to whoever signs in here. The answer brings the cookie along that changes are sent with. */
export function useOffered() {
  return useQuery({
    queryKey: ["own", "config"],
    queryFn: async () => (await ask(() => headless.GET("/_allauth/{client}/v1/config", browser))).data,
    staleTime: 5 * 60_000,
  });
}

/** Has all that is on the screen be read again, after a change that was none of the admin API. */
export const readAgain = () => queries.invalidateQueries();

/** The recovery codes, as far as they may still be seen. */
export const seeCodes = async () =>
  (await ask(() => headless.GET("/_allauth/{client}/v1/account/authenticators/recovery-codes", browser))).data
    .unused_codes;

/** New recovery codes, in place of those from before. */
export const renewCodes = async () =>
  (await ask(() => headless.POST("/_allauth/{client}/v1/account/authenticators/recovery-codes", browser))).data
    .unused_codes;
