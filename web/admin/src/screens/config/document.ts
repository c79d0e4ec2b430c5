// A tenant as a document in YAML: reading it, saying what a change of it would do, and saving it. What is in it may be a secret that
// somebody typed, so that it is kept in no query and no address.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { admin, type Schema } from "../../api/client";
import { isProblem, type Problem } from "../../api/problem";

export interface Doc {
  text: string;
  version: number;
}

/** The document as it is now. */
export async function read(slug: string, signal?: AbortSignal): Promise<Doc> {
  const { data, error, response } = await admin.GET("/admin/v1/tenants/{slug}", {
    params: { path: { slug }, query: { format: "yaml" } },
    parseAs: "text",
    signal,
  });
  if (error) {
    throw error;
  }
  return { text: String(data), version: Number(response.headers.get("ETag")?.replaceAll('"', "")) };
}

export function useDocument(slug: string) {
  return useQuery({ queryKey: ["document", slug], queryFn: ({ signal }) => read(slug, signal) });
}

// The types say that the body is an object; on the wire it is the text of one.
const asYAML = (text: string) => ({
  body: text as never,
  bodySerializer: (body: unknown) => body as string,
  headers: { "Content-Type": "application/yaml" },
});

/** Makes the tenant what a text says, if it is still of the version that the text began with. */
export async function save(slug: string, version: number, text: string): Promise<Schema<"Applied">> {
  const { data, error } = await admin.PUT("/admin/v1/tenants/{slug}", {
    params: { path: { slug }, header: { "If-Match": `"${version}"` } },
    ...asYAML(text),
  });
  if (!data) {
    throw error;
  }
  return data;
}

/** What a text would do. */
export interface Checked {
  /** The text that this is about. */
  text: string;
  changes?: Schema<"Change">[];
  /** What is wrong with the text. */
  faults?: NonNullable<Problem["errors"]>;
  /** What else went wrong. */
  error?: unknown;
}

const none: NonNullable<Problem["errors"]> = [];

/** Asks the server what a text would do, a moment after the last key. */
export function useChecked(slug: string, text: string | undefined): Checked | undefined {
  const [checked, setChecked] = useState<Checked>();
  useEffect(() => {
    if (text === undefined) {
      setChecked(undefined);
      return;
    }
    const aborted = new AbortController();
    const ask = async () => {
      try {
        const { data, error } = await admin.POST("/admin/v1/tenants/{slug}/validate", {
          params: { path: { slug } },
          signal: aborted.signal,
          ...asYAML(text),
        });
        if (data) {
          setChecked({ text, changes: data.changes });
        } else if (isProblem(error, "invalid", "malformed", "taken")) {
          setChecked({ text, faults: error?.errors ?? none, ...(error?.errors?.length ? {} : { error }) });
        } else {
          setChecked({ text, error });
        }
      } catch (unreachable) {
        if (!aborted.signal.aborted) {
          setChecked({ text, error: unreachable });
        }
      }
    };
    const timer = setTimeout(() => void ask(), 400);
    return () => {
      clearTimeout(timer);
      aborted.abort();
    };
  }, [slug, text]);
  return checked;
}
