// What people get, with sample values: it follows the words while they are written, and says what is wrong with them.
import { Accordion, Alert, Group, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useEffect, useState } from "react";
import { admin, type Schema } from "../../api/client";
import { faultsOf, isProblem } from "../../api/problem";
import { Failure } from "../../parts/Failure";
import { Bars } from "../../parts/Loaded";
import { Section } from "../../parts/Section";
import type { Scheme } from "./harmless";
import { MailFrame } from "./MailFrame";
import { type Kind, meaningOf, type Texts } from "./words";

type Rendered = Schema<"Preview">;

/** What the server makes of the words. What was well before stays while they are faulty. */
function usePreview(slug: string, kind: string, texts: Texts, variables: Record<string, string>) {
  const [rendered, setRendered] = useState<Rendered>();
  const [error, setError] = useState<unknown>();
  const [asked] = useDebouncedValue(JSON.stringify({ template: texts, variables }), 400);
  useEffect(() => {
    const aborted = new AbortController();
    const given = JSON.parse(asked) as { template: Texts; variables: Record<string, string> };
    const ask = async () => {
      try {
        const answer = await admin.POST("/admin/v1/tenants/{slug}/mail-preview", {
          params: { path: { slug } },
          body: { kind, ...given },
          signal: aborted.signal,
        });
        if (answer.data) {
          setRendered(answer.data);
        }
        setError(answer.error);
      } catch (unreachable) {
        if (!aborted.signal.aborted) {
          setError(unreachable);
        }
      }
    };
    void ask();
    return () => aborted.abort();
  }, [slug, kind, asked]);
  return { rendered, error };
}

export function Preview(props: {
  slug: string;
  kind: Kind;
  texts: Texts;
  tell: (faults: Record<string, string>) => void;
}) {
  const { slug, kind, texts, tell } = props;
  const [given, setGiven] = useState<Record<string, string>>({});
  const { rendered, error } = usePreview(slug, kind.kind, texts, given);
  const mailed = kind.channels.includes("mail");
  const [shown, setShown] = useState(mailed ? "html" : "sms");
  const [width, setWidth] = useState("100%");
  const [scheme, setScheme] = useState<Scheme>("light");
  const dark = /prefers-color-scheme/i.test(rendered?.html ?? "");
  const invalid = isProblem(error, "invalid");
  useEffect(() => tell(isProblem(error, "invalid") ? faultsOf(error) : {}), [error, tell]);
  const others = invalid ? Object.entries(faultsOf(error)).filter(([path]) => !path.startsWith("template.")) : [];
  return (
    <Section title="Preview" lead="With sample values. Nothing is sent, and pictures from elsewhere are not loaded.">
      <Group justify="space-between" gap="xs">
        <SegmentedControl
          aria-label="What to show"
          size="xs"
          value={shown}
          onChange={setShown}
          data={[
            ...(mailed
              ? [
                  { value: "html", label: "Mail" },
                  { value: "text", label: "Plain text" },
                ]
              : []),
            ...(kind.channels.includes("sms") ? [{ value: "sms", label: "Text message" }] : []),
          ]}
        />
        {shown === "html" && (
          <Group gap="xs">
            {dark && (
              <SegmentedControl
                aria-label="In which colours"
                size="xs"
                value={scheme}
                onChange={(v) => setScheme(v as Scheme)}
                data={[
                  { value: "light", label: "Light" },
                  { value: "dark", label: "Dark" },
                ]}
              />
            )}
            <SegmentedControl
              aria-label="How wide"
              size="xs"
              value={width}
              onChange={setWidth}
              data={[
                { value: "100%", label: "Desktop" },
                { value: "320px", label: "Phone" },
              ]}
            />
          </Group>
        )}
      </Group>
      <div aria-live="polite" className="quiet-when-empty">
        {invalid && (
          <Alert color="yellow" variant="outline" title="This cannot be sent yet">
            <Text size="sm" className="foreign">
              {others.length > 0
                ? others.map(([path, words]) => `${path} ${words}`).join("; ")
                : "See what is said beside the words. Below is the last that was well."}
            </Text>
          </Alert>
        )}
        {error && !invalid ? <Failure error={error} /> : null}
      </div>
      {rendered === undefined ? (
        error ? null : (
          <Bars lines={8} />
        )
      ) : shown === "sms" ? (
        <Said>{rendered.sms}</Said>
      ) : (
        <Stack gap="xs">
          <Text size="sm">
            <b>Subject:</b> <span className="foreign">{rendered.subject}</span>
          </Text>
          {shown === "text" || rendered.html === "" ? (
            <Said>{rendered.text}</Said>
          ) : (
            <MailFrame
              html={rendered.html}
              title={`Mail: ${rendered.subject}`}
              width={width}
              scheme={dark ? scheme : "light"}
            />
          )}
          {shown === "html" && rendered.html === "" && (
            <Text size="sm" c="dimmed">
              This mail has no HTML: people get the plain text.
            </Text>
          )}
        </Stack>
      )}
      {rendered && (
        <Accordion variant="contained">
          <Accordion.Item value="values">
            <Accordion.Control>Sample values</Accordion.Control>
            <Accordion.Panel>
              <Stack gap="xs">
                {kind.variables.map((name) => (
                  <TextInput
                    key={name}
                    label={<code className="code">{name}</code>}
                    description={meaningOf(name)}
                    value={given[name] ?? rendered.variables[name] ?? ""}
                    onChange={(e) => setGiven({ ...given, [name]: e.currentTarget.value })}
                  />
                ))}
              </Stack>
            </Accordion.Panel>
          </Accordion.Item>
        </Accordion>
      )}
    </Section>
  );
}

/** Words as they are, with their lines. */
function Said({ children }: { children: string }) {
  return (
    <pre className="code foreign" style={{ whiteSpace: "pre-wrap", margin: 0 }}>
      {children || "Nothing is said."}
    </pre>
  );
}
