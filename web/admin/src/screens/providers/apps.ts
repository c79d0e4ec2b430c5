// The apps of socialaccount.providers, as a draft has them.
import { type Json, type JsonObject, valueAt, withValue } from "../../settings/patch";

const at = ["config", "socialaccount", "providers"];

/** One app, with where it stands. */
export interface DraftApp {
  provider: string;
  index: number;
  app: JsonObject;
}

function listed(mine: JsonObject, provider: string): JsonObject[] {
  const list = valueAt(mine, [...at, provider, "apps"]);
  return Array.isArray(list) ? (list as JsonObject[]) : [];
}

/** All apps, by provider. */
export function appsOf(mine: JsonObject): DraftApp[] {
  const providers = valueAt(mine, at);
  if (typeof providers !== "object" || providers === null || Array.isArray(providers)) {
    return [];
  }
  return Object.keys(providers)
    .sort()
    .flatMap((provider) => listed(mine, provider).map((app, index) => ({ provider, index, app })));
}

/** The draft with one more app of a provider. */
export function added(mine: JsonObject, provider: string, app: JsonObject): JsonObject {
  return withValue(mine, [...at, provider, "apps"], [...listed(mine, provider), app]);
}

/** The draft without an app, nor what its provider then holds for nobody. */
export function removed(mine: JsonObject, { provider, index }: DraftApp): JsonObject {
  const rest = listed(mine, provider).filter((_, i) => i !== index);
  return rest.length === 0
    ? withValue(mine, [...at, provider], undefined)
    : withValue(mine, [...at, provider, "apps"], rest);
}

/** The draft with a value of an app changed: undefined takes it away. */
export function changed(
  mine: JsonObject,
  { provider, index }: DraftApp,
  path: string[],
  value: Json | undefined,
): JsonObject {
  const apps = listed(mine, provider).map((app, i) => (i === index ? withValue(app, path, value) : app));
  return withValue(mine, [...at, provider, "apps"], apps);
}

/** Where faults of an app are told: as package tenants writes paths. */
export function faultPath({ provider, index }: DraftApp, field: string): string {
  const odd = !/^[\w-]+$/.test(provider);
  return `config.socialaccount.providers${odd ? `[${JSON.stringify(provider)}]` : `.${provider}`}.apps[${index}]${field && `.${field}`}`;
}

/** An app by which its card goes on being the same one. */
export interface Keyed extends DraftApp {
  key: string;
  /** What it is known by on the server: changing the fields that say so does not make another app of it. */
  known: string;
}

/** What an app is told apart by. */
export const identity = ({ provider, app }: Pick<DraftApp, "provider" | "app">): string =>
  JSON.stringify([provider, app.provider_id || provider, app.client_id ?? ""]);

/**
 * The apps of a draft, each with the key that it had before. Places alone do not tell: where one is removed, all behind it move up. One that
 * is as it was is the same one, then one that is called the same, and then one that is changed in its place.
 */
export function keyed(before: Keyed[], draft: DraftApp[], saved: DraftApp[]): Keyed[] {
  const left = new Set(before);
  const found = new Map<DraftApp, Keyed>();
  const ways: ((was: Keyed, now: DraftApp) => boolean)[] = [
    (was, now) => was.app === now.app,
    (was, now) => identity(was) === identity(now),
    (was, now) => was.index === now.index,
  ];
  for (const alike of ways) {
    for (const now of draft.filter((d) => !found.has(d))) {
      const was = [...left].find((w) => w.provider === now.provider && alike(w, now));
      if (was) {
        left.delete(was);
        found.set(now, was);
      }
    }
  }
  const onServer = new Set(saved.map(identity));
  let next = Math.max(0, ...before.map((b) => Number(b.key)));
  return draft.map((now) => {
    const was = found.get(now);
    return {
      ...now,
      key: was?.key ?? String(++next),
      known: was && !onServer.has(identity(now)) ? was.known : identity(now),
    };
  });
}
