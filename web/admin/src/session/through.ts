/** Where somebody was on their way to, past the pages that only ask who they are: those ask by themselves where they must. */
export function through(to: string | undefined): string | undefined {
  let place = to;
  for (let n = 0; n < 5 && place && /^\/(sign-in|second-factor|first-owner)\b/.test(place); n++) {
    place = new URL(place, "http://localhost").searchParams.get("return") ?? undefined;
  }
  return place;
}
