import { BrowserClient } from "@vestibule-auth/client";

// The server that sends the page tells how the tenant's CSRF cookie is called. `npm run dev` fills nothing in: then it has its usual name.
const told = document.querySelector<HTMLMetaElement>('meta[name="csrf-cookie"]')?.content ?? "";

/** Everything that this app asks of the server, it asks by this. */
export const client = new BrowserClient(told && !told.startsWith("__") ? { csrfCookie: told } : {});
