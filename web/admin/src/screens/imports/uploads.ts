// Uploads that this page is at. They go on while somebody looks at other screens; a page that is closed ends them, and the import waits
// to be gone on with.
import { useSyncExternalStore } from "react";
import { admin } from "../../api/client";
import { isProblem, passes } from "../../api/problem";
import { queries } from "../../api/queries";
import { onParting } from "../../session/presence";
import { type Chunk, chunksOf, type Format, LongLine, slicesOf } from "./chunks";

export interface Upload {
  file: File;
  format: Format;
  phase: "uploading" | "failed" | "stopped" | "done";
  /** How much of the file is there, in bytes, and in rows. */
  sent: number;
  rows: number;
  /** Since when, and how much was there then. */
  since: number;
  sentBefore: number;
  error?: unknown;
}

const uploads = new Map<string, Upload>();
const stops = new Map<string, AbortController>();
const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of listeners) {
    listener();
  }
}

function put(id: string, change: Partial<Upload>): void {
  const before = uploads.get(id);
  if (before) {
    uploads.set(id, { ...before, ...change });
    tell();
  }
}

// The file is of whoever chose it. It is not sent on in the name of somebody else who signs in here next, nor kept for them.
onParting(() => {
  for (const stop of stops.values()) {
    stop.abort(new Error("nobody is signed in"));
  }
  stops.clear();
  uploads.clear();
  removeEventListener("beforeunload", warn);
  tell();
});

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

/** The upload of an import, if this page has its file. */
export function useUpload(id: string): Upload | undefined {
  return useSyncExternalStore(subscribe, () => uploads.get(id));
}

/** How often something is tried again by itself, and how long is waited in between. */
const pauses = [1000, 3000, 8000];

const later = (ms: number, signal: AbortSignal) =>
  new Promise<void>((done, stopped) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      stopped(signal.reason);
    });
  });

/** Asks the server for something until it is done, and a few times more where that may help by itself. */
async function persist(
  call: () => Promise<{ error?: unknown; response: Response }>,
  signal: AbortSignal,
): Promise<void> {
  for (let tries = 0; ; tries++) {
    let fault: unknown;
    try {
      const { error, response } = await call();
      if (response.ok) {
        return;
      }
      fault = error;
    } catch (failed) {
      fault = failed;
    }
    const pause = pauses[tries];
    if (signal.aborted || pause === undefined || !passes(fault)) {
      throw fault;
    }
    await later(pause, signal);
  }
}

const putChunk = (slug: string, id: string, format: Format, chunk: Chunk, signal: AbortSignal) =>
  persist(
    () =>
      admin.PUT("/admin/v1/tenants/{slug}/imports/{id}/chunks/{number}", {
        params: { path: { slug, id, number: String(chunk.number) } },
        headers: { "Content-Type": format === "csv" ? "text/csv" : "application/x-ndjson" },
        body: "",
        bodySerializer: () => chunk.body as Uint8Array<ArrayBuffer>,
        signal,
      }),
    signal,
  );

/** The chunk to begin with. The last that is there is sent once more: the server then says whether this is the same file. */
const beginAt = (next: number): number => Math.max(1, next - 1);

/** Uploads a file from the first chunk on that is missing, then has the import be applied. */
export async function upload(slug: string, id: string, file: File, format: Format, next: number): Promise<void> {
  if (uploads.get(id)?.phase === "uploading") {
    return;
  }
  const stop = new AbortController();
  stops.set(id, stop);
  uploads.set(id, { file, format, phase: "uploading", sent: 0, rows: 0, since: Date.now(), sentBefore: 0 });
  put(id, {});
  addEventListener("beforeunload", warn);
  try {
    let rows = 0;
    for await (const chunk of chunksOf(slicesOf(file), format === "csv")) {
      stop.signal.throwIfAborted();
      if (chunk.number >= beginAt(next)) {
        await putChunk(slug, id, format, chunk, stop.signal);
      } else {
        put(id, { since: Date.now(), sentBefore: chunk.end });
      }
      rows += chunk.rows;
      put(id, { sent: chunk.end, rows });
    }
    await persist(
      () =>
        admin.POST("/admin/v1/tenants/{slug}/imports/{id}/start", {
          params: { path: { slug, id } },
          signal: stop.signal,
        }),
      stop.signal,
    );
    put(id, { phase: "done" });
  } catch (error) {
    if (stops.get(id) === stop) {
      put(id, stop.signal.aborted ? { phase: "stopped" } : { phase: "failed", error });
    }
  } finally {
    if (stops.get(id) === stop) {
      stops.delete(id);
    }
    if (stops.size === 0) {
      removeEventListener("beforeunload", warn);
    }
    void queries.invalidateQueries();
  }
}

/** Stops an upload, which can be gone on with. */
export function stopUpload(id: string): void {
  stops.get(id)?.abort(new Error("stopped"));
}

/** Whether a chunk was refused because there is another one already: the file is not the one that the upload began with. */
export const otherFile = (error: unknown): boolean => isProblem(error, "state");

/** Whether the file itself cannot be taken, however often it is sent. */
export const unfit = (error: unknown): boolean => error instanceof LongLine || isProblem(error, "invalid", "malformed");

function warn(event: BeforeUnloadEvent): void {
  event.preventDefault();
}
