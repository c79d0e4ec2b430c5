import { useTell } from "../tell";

/** Copies a text, which need not be what the button says. */
export function CopyButton({ text, children = "Copy" }: { text: string; children?: string }) {
  const tell = useTell();
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => tell("Copied."),
      () => tell("This browser did not let it be copied: mark it, and copy it by hand."),
    );
  return (
    <button type="button" onClick={copy}>
      {children}
    </button>
  );
}
