// Stands between a page and its server, for some of what it asks.
import type { Page } from "playwright-core";

/** A call that waits for what is to become of it. */
export interface Held {
  method: string;
  url: string;
  /** Lets it through to the server. */
  goOn(): Promise<void>;
  /** Answers it with a fault of the server's, which says this. */
  fail(detail: string): Promise<void>;
}

/**
 * Hands what the page asks for at addresses of a pattern to whoever decides on it, until what is returned is called. Playwright's own
 * route does so, too, but has the page fetch all of its files again at each visit, whatever they are and whoever is asked.
 */
export async function between(
  page: Page,
  urlPattern: string,
  decide: (call: Held) => Promise<void>,
): Promise<() => Promise<void>> {
  const devtools = await page.context().newCDPSession(page);
  // A page that has gone on wants no answer any more.
  const send = async (answer: Promise<unknown>) => void (await answer.catch(() => {}));
  devtools.on("Fetch.requestPaused", ({ requestId, request }) => {
    void decide({
      method: request.method,
      url: request.url,
      goOn: () => send(devtools.send("Fetch.continueRequest", { requestId })),
      fail: (detail) =>
        send(
          devtools.send("Fetch.fulfillRequest", {
            requestId,
            responseCode: 500,
            responseHeaders: [{ name: "Content-Type", value: "application/problem+json" }],
            body: Buffer.from(
              JSON.stringify({
                type: "urn:vestibule:problem:internal",
                title: "Something went wrong",
                status: 500,
                detail,
                request_id: "Request of a test",
              }),
            ).toString("base64"),
          }),
        ),
    });
  });
  await devtools.send("Fetch.enable", { patterns: [{ urlPattern }] });
  return () => devtools.detach();
}
