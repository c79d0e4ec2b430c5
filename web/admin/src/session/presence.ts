// Who is signed in changes for all tabs of a browser at once, whichever it happened in. Each of them is told of it, and lets go of what was
// somebody else's.

const partings = new Set<() => void>();

/** Has something be let go of when whoever is signed in is not any more. For what outlives its screen. */
export const onParting = (letGo: () => void) => void partings.add(letGo);

/** Lets go of everything that goes on for somebody who is not signed in any more. */
export function part(): void {
  for (const letGo of partings) {
    letGo();
  }
}

const channel = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel("vestibule.session");

/** Tells the other tabs that somebody signed in or out here. Who it is they ask the server. */
export const announce = () => channel?.postMessage("changed");

/** Listens for what other tabs announce, until the function that it returns is called. */
export function onAnnounced(listener: () => void): () => void {
  channel?.addEventListener("message", listener);
  return () => channel?.removeEventListener("message", listener);
}
