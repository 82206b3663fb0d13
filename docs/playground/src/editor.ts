/** The editors of the manifest and of the policy. */
import { defaultKeymap, history, historyKeymap, indentWithTab, isolateHistory } from "@codemirror/commands";
import { HighlightStyle, StreamLanguage, bracketMatching, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { yaml } from "@codemirror/legacy-modes/mode/yaml";
import {
  type Diagnostic,
  forEachDiagnostic,
  lintGutter,
  nextDiagnostic,
  previousDiagnostic,
  setDiagnostics,
} from "@codemirror/lint";
import { diff } from "@codemirror/merge";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, Prec, Transaction } from "@codemirror/state";
import {
  EditorView,
  drawSelection,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";

export type { Diagnostic };

/** The nonce of the styles that CodeMirror adds to the page; page.html names it too. */
const NONCE = "codemirror";

/** A longer line has no colours, because the time for them grows with the square of its length. */
const MAX_COLOURED = 2000;

/** YAML line by line. A parser that makes a tree would fail on a text that is nested deeply. */
const language = StreamLanguage.define({
  ...yaml,
  token(stream, state) {
    if (stream.string.length <= MAX_COLOURED) return yaml.token(stream, state);
    stream.skipToEnd();
    return null;
  },
});

const colours = HighlightStyle.define([
  { tag: tags.atom, color: "var(--code-key)" },
  { tag: tags.string, color: "var(--code-string)" },
  { tag: tags.comment, color: "var(--code-comment)" },
  { tag: [tags.keyword, tags.number, tags.variableName], color: "var(--code-value)" },
  { tag: tags.meta, color: "var(--code-punctuation)" },
]);

const theme = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--editor)", height: "100%" },
  "&.cm-focused": { outline: "2px solid var(--focus)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "var(--mono)", fontSize: "0.875rem", lineHeight: "1.5" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { color: "var(--quiet)", backgroundColor: "var(--editor)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine": { backgroundColor: "var(--active-line)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--active-line)", color: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--selection)",
  },
  ".cm-panels": { color: "var(--text)", backgroundColor: "var(--panel)" },
  ".cm-tooltip": { color: "var(--text)", backgroundColor: "var(--panel)", border: "1px solid var(--line)" },
  ".cm-diagnostic": { padding: "0.4rem 0.6rem", maxWidth: "min(34rem, 80vw)" },
  ".cm-diagnosticAction": { color: "var(--on-button)", backgroundColor: "var(--button)", padding: "0.2rem 0.5rem" },
  ".cm-diagnosticSource": { color: "var(--quiet)", opacity: "1" },
});

/** How long Tab leaves the editor after Escape, in milliseconds. */
const TAB_LEAVES = 2000;

/** Lets the next Tab leave the editor, also if Escape closes a tooltip at the same time. */
function leaveWithTab(view: EditorView): boolean {
  view.setTabFocusMode(TAB_LEAVES);
  return false;
}

/** An editor. */
export class Editor {
  readonly view: EditorView;

  constructor(parent: HTMLElement, label: string, describedBy: string, changed: () => void) {
    const state = EditorState.create({
      extensions: [
        lineNumbers(),
        lintGutter(),
        highlightSpecialChars(),
        history(),
        drawSelection(),
        EditorView.lineWrapping,
        bracketMatching(),
        highlightActiveLine(),
        highlightActiveLineGutter(),
        highlightSelectionMatches(),
        search({ top: true }),
        indentUnit.of("  "),
        language,
        syntaxHighlighting(colours),
        theme,
        Prec.highest(keymap.of([{ key: "Escape", run: leaveWithTab }])),
        keymap.of([
          { key: "F8", run: nextDiagnostic },
          { key: "Shift-F8", run: previousDiagnostic },
          ...searchKeymap,
          ...historyKeymap,
          ...defaultKeymap,
          // Escape and then Tab leave the editor.
          indentWithTab,
        ]),
        EditorView.contentAttributes.of({ "aria-label": label, "aria-describedby": describedBy, tabindex: "0" }),
        EditorView.cspNonce.of(NONCE),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) changed();
        }),
      ],
    });
    this.view = new EditorView({ state, parent });
  }

  /** The text; its line breaks are `\n`. */
  get text(): string {
    return this.view.state.doc.toString();
  }

  /** Replaces the text as one step of the history, and keeps the cursor where it was in what stays. */
  set text(text: string) {
    text = text.replace(/\r\n?/g, "\n");
    const changes = diff(this.text, text, { scanLimit: 500 }).map(({ fromA, toA, fromB, toB }) => ({
      from: fromA,
      to: toA,
      insert: text.slice(fromB, toB),
    }));
    this.view.dispatch({ changes, userEvent: "input.replace", annotations: isolateHistory.of("full") });
  }

  /** Replaces the text at the beginning, which cannot be undone. */
  begin(text: string): void {
    const changes = { from: 0, to: this.view.state.doc.length, insert: text };
    this.view.dispatch({ changes, annotations: Transaction.addToHistory.of(false) });
  }

  /** Shows findings at their places. Marks that have moved with the text are not drawn again. */
  mark(diagnostics: Diagnostic[]): void {
    const { length } = this.view.state.doc;
    const inside = diagnostics.map((it) => ({ ...it, from: Math.min(it.from, length), to: Math.min(it.to, length) }));
    const shown: Diagnostic[] = [];
    forEachDiagnostic(this.view.state, (it, from, to) => shown.push({ ...it, from, to }));
    const keys = (all: Diagnostic[]) =>
      all
        .map(({ from, to, message }) => `${from} ${to} ${message}`)
        .sort()
        .join("\n");
    if (keys(shown) !== keys(inside)) this.view.dispatch(setDiagnostics(this.view.state, inside));
  }

  /** Draws the editor again after it was hidden. */
  shown(): void {
    this.view.requestMeasure();
  }

  /** Selects a place and moves the focus there. */
  show(from = 0, to = from): void {
    const { length } = this.view.state.doc;
    const selection = { anchor: Math.min(from, length), head: Math.min(to, length) };
    this.view.dispatch({ selection, effects: EditorView.scrollIntoView(selection.anchor, { y: "center" }) });
    this.view.focus();
  }
}
