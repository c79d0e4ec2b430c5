// The editor of a tenant's document: colours, completion and words from the schema, and marks where something is wrong. It is fetched
// when somebody comes here, since it is as large as all the rest.
import {
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  hoverTooltip,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import { useEffect, useRef } from "react";
import type { Fault } from "../../api/problem";
import { nonce } from "../../nonce";
import { defaultInWords } from "../../settings/Setting";
import type { Node } from "../../settings/schema";
import { above, keyOf, nodeIn, pathAt, said, siblings, valuesOf } from "./yaml";
import "./editor.css";

const look = EditorView.theme({
  "&": { height: "100%", color: "var(--mantine-color-text)", backgroundColor: "var(--mantine-color-body)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mantine-font-family-monospace)", fontSize: "13px", lineHeight: "1.6" },
  ".cm-content": { caretColor: "var(--mantine-color-text)" },
  ".cm-cursor": { borderLeftColor: "var(--mantine-color-text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--editor-selection)",
  },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--editor-line)" },
  ".cm-gutters": {
    color: "var(--mantine-color-dimmed)",
    backgroundColor: "var(--mantine-color-body)",
    borderRight: "1px solid var(--mantine-color-default-border)",
  },
  ".cm-selectionMatch": { backgroundColor: "var(--editor-line)" },
  ".cm-tooltip": {
    color: "var(--mantine-color-text)",
    backgroundColor: "var(--mantine-color-body)",
    border: "1px solid var(--mantine-color-default-border)",
    borderRadius: "6px",
    maxWidth: "min(30rem, 90vw)",
  },
  ".cm-tooltip-hover, .cm-completionInfo": { padding: "8px 10px", fontSize: "13px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
    color: "#fff",
    backgroundColor: "var(--mantine-color-green-8)",
  },
  ".cm-panels": { color: "var(--mantine-color-text)", backgroundColor: "var(--editor-line)" },
  ".cm-panels input, .cm-panels button": {
    color: "var(--mantine-color-text)",
    backgroundColor: "var(--mantine-color-body)",
    backgroundImage: "none",
  },
  ".cm-diagnostic": { padding: "4px 8px" },
});

const linesOf = (state: EditorState) => state.doc.toString().split("\n");

/** Text in a box: what is said of a setting is never HTML. */
function box(...paragraphs: string[]): HTMLElement {
  const element = document.createElement("div");
  for (const words of paragraphs) {
    const line = document.createElement("div");
    line.textContent = words;
    element.append(line);
  }
  return element;
}

/** Keys that may stand where the cursor is, and values that a key may have. */
function completions(schema: () => Node | undefined) {
  return (context: CompletionContext): CompletionResult | null => {
    const whole = schema();
    if (!whole) {
      return null;
    }
    const line = context.state.doc.lineAt(context.pos);
    const before = line.text.slice(0, context.pos - line.from);
    const lines = linesOf(context.state);
    const value = /(?::|^\s*-)\s+([\w.*-]*)$/.exec(before);
    if (value) {
      const node = nodeIn(whole, pathAt(lines, line.number - 1) ?? []);
      const values = node ? valuesOf(node) : [];
      return values.length === 0
        ? null
        : { from: context.pos - (value[1] ?? "").length, options: values.map((label) => ({ label, type: "enum" })) };
    }
    const key = /^(\s*)([\w-]*)$/.exec(before);
    if (!key || (key[2] === "" && !context.explicit)) {
      return null;
    }
    const indent = (key[1] ?? "").length;
    const node = nodeIn(whole, above(lines, line.number - 1, indent));
    const there = siblings(lines, line.number - 1, indent);
    const options = Object.entries(node?.properties ?? {})
      .filter(([name]) => !there.has(name))
      .map(([name, of]) => ({
        label: name,
        type: "property",
        apply: of.properties || of.type === "array" ? `${name}:` : `${name}: `,
        info: () => box(said(of, defaultInWords)),
      }));
    return options.length === 0 ? null : { from: context.pos - (key[2] ?? "").length, options, validFor: /^[\w-]*$/ };
  };
}

/** What the schema says of the key that is pointed at. */
const words = (schema: () => Node | undefined) =>
  hoverTooltip((view, pos) => {
    const whole = schema();
    const line = view.state.doc.lineAt(pos);
    const found = keyOf(line.text);
    if (!whole || !found || pos - line.from < found.indent || pos - line.from > found.indent + found.key.length) {
      return null;
    }
    const path = pathAt(linesOf(view.state), line.number - 1) ?? [];
    const node = nodeIn(whole, path);
    return node
      ? {
          pos: line.from + found.indent,
          end: line.from + found.indent + found.key.length,
          create: () => ({ dom: box(path.join("."), said(node, defaultInWords)) }),
        }
      : null;
  });

function marks(state: EditorState, faults: Fault[]): Diagnostic[] {
  return faults.flatMap((fault) => {
    if (!fault.line || fault.line > state.doc.lines) {
      return [];
    }
    const line = state.doc.line(fault.line);
    const indent = /^\s*/.exec(line.text)?.[0].length ?? 0;
    const message = fault.path ? `${fault.path} ${fault.message}` : fault.message;
    return [{ from: Math.min(line.from + indent, line.to), to: line.to, severity: "error" as const, message }];
  });
}

interface EditorProps {
  value: string;
  label: string;
  schema: Node | undefined;
  faults: Fault[];
  readOnly: boolean;
  change: (text: string) => void;
  /** What Ctrl S does. */
  save: () => void;
  /** Tells where the cursor is. */
  at: (path: string[]) => void;
  /** Gives the caller a way to go to a line. */
  handle: (go: (line: number) => void) => void;
}

export default function Editor(props: EditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const now = useRef(props);
  now.current = props;
  const lock = useRef(new Compartment());
  useEffect(() => {
    if (!place.current) {
      return;
    }
    const schema = () => now.current.schema;
    const made = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: now.current.value,
        extensions: [
          EditorView.cspNonce.of(nonce),
          lineNumbers(),
          lintGutter(),
          highlightActiveLine(),
          highlightActiveLineGutter(),
          history(),
          drawSelection(),
          indentOnInput(),
          indentUnit.of("  "),
          bracketMatching(),
          highlightSelectionMatches(),
          search({ top: true }),
          yaml(),
          syntaxHighlighting(classHighlighter),
          autocompletion({ override: [completions(schema)], icons: false }),
          words(schema),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": now.current.label, tabindex: "0" }),
          lock.current.of(EditorState.readOnly.of(now.current.readOnly)),
          keymap.of([
            {
              key: "Mod-s",
              run: () => {
                now.current.save();
                return true;
              },
            },
            ...completionKeymap,
            ...defaultKeymap,
            ...historyKeymap,
            ...searchKeymap,
            ...lintKeymap,
          ]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) {
              now.current.change(update.state.doc.toString());
            }
            if (update.docChanged || update.selectionSet) {
              const line = update.state.doc.lineAt(update.state.selection.main.head).number - 1;
              now.current.at(pathAt(linesOf(update.state), line) ?? []);
            }
          }),
          look,
        ],
      }),
    });
    view.current = made;
    now.current.handle((n) => {
      const line = made.state.doc.line(Math.min(Math.max(1, n), made.state.doc.lines));
      made.dispatch({
        selection: { anchor: line.from },
        effects: EditorView.scrollIntoView(line.from, { y: "center" }),
      });
      made.focus();
    });
    return () => made.destroy();
  }, []);
  useEffect(() => {
    const editor = view.current;
    if (editor && editor.state.doc.toString() !== props.value) {
      editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: props.value } });
    }
  }, [props.value]);
  useEffect(() => {
    view.current?.dispatch({ effects: lock.current.reconfigure(EditorState.readOnly.of(props.readOnly)) });
  }, [props.readOnly]);
  useEffect(() => {
    const editor = view.current;
    if (editor) {
      editor.dispatch(setDiagnostics(editor.state, marks(editor.state, props.faults)));
    }
  }, [props.faults]);
  return <div ref={place} className="config-editor config-editor-place" />;
}
