// All that somebody can do with the app.
import { addresses } from "./addresses.ts";
import { factors } from "./factors.ts";
import { newcomer } from "./newcomer.ts";
import { providers } from "./providers.ts";
import { recovery } from "./recovery.ts";
import { sessions } from "./sessions.ts";

export const everything = [newcomer, factors, recovery, addresses, sessions, providers];
