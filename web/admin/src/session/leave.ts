import { browser, headless } from "../api/client";
import { queries } from "../api/queries";
import { forgetAll } from "../shell/favourites";
import { step } from "./answers";
import { announce, part } from "./presence";

/** Ends the session. The next one at this browser may be somebody else: nothing is left of what this one looked at. */
export async function leave(): Promise<void> {
  await step(() => headless.DELETE("/_allauth/{client}/v1/auth/session", browser));
  part();
  forgetAll();
  announce();
  queries.clear();
}
