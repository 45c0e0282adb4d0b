import type { InlayHint } from "vscode-languageserver-types";
import { bytes } from "../base/format.js";
import type { Facts } from "../graph/facts.js";
import type { DataReference } from "../graph/value.js";
import type { Declaration, Expression, Span } from "../language/syntax.js";
import { plainText, plainTextOf } from "../language/text.js";
import { stateSigns } from "../protocol.js";
import type { Document } from "./document.js";
import { at, nodeStatements } from "./lenses.js";
import type { NodeStates } from "./node-states.js";
import { countsText, stateWithReason, summaryInWords, worstState } from "./state-texts.js";
import { t } from "./words.js";

export interface HintFacts {
  readonly facts: Facts;
  /** Data of the graph whose digests are loaded, by absolute path or url. */
  readonly data: (place: string) => DataReference | undefined;
  /** Absolute path of a text in the document's file (rule 15), or the url. */
  readonly resolve: (text: string) => string;
  /** Of images. */
  readonly platform: string;
}

/**
 * What stands behind the lines of a document: states and counts of nodes, size and digest of inputs, digests of
 * images. Only lines between `range`'s ends are looked at; what is unknown has no hint.
 */
export function inlayHints(
  document: Document,
  range: Span,
  states: NodeStates | undefined,
  known: HintFacts | undefined,
): InlayHint[] {
  const hints: InlayHint[] = [];
  for (const declaration of document.module.file.declarations) {
    if (declaration.offset > range.end) break;
    if (declaration.offset + declaration.length < range.start) continue;
    if (states !== undefined) addNodeHints(document, declaration, states, hints);
    if (known !== undefined) addDataHints(document, declaration, known, hints);
  }
  return hints;
}

function addNodeHints(
  document: Document,
  declaration: Declaration,
  states: NodeStates,
  hints: InlayHint[],
): void {
  for (const node of nodeStatements(declaration)) {
    const summary = states.ofStatement(node);
    if (summary === undefined || summary.nodes === 0) continue;
    const state = worstState(summary.counts);
    const single = summary.nodes === 1;
    hints.push(
      hint(
        document,
        declaration.offset + node.transform.span.end,
        single
          ? `${stateSigns[state]} ${short(stateWithReason(state, summary.why))}`
          : countsText(summary.counts),
        summaryInWords(summary),
      ),
    );
  }
}

function addDataHints(
  document: Document,
  declaration: Declaration,
  known: HintFacts,
  hints: InlayHint[],
): void {
  const { statement } = declaration;
  if (statement.kind === "input") addInput(document, declaration, statement.value, known, hints);
  if (statement.kind !== "transform") return;
  for (const item of statement.items) {
    if (item.kind !== "image") continue;
    const reference = plainText(item.reference);
    if (reference === undefined || reference.includes("@sha256:")) continue;
    const digest = known.facts.image(reference, known.platform);
    if (digest.kind !== "known") continue;
    hints.push(
      hint(
        document,
        at(declaration, item.span).end,
        t("pinned {0}", `${digest.value.slice(0, "sha256:".length + 8)}…`),
        t("reprod.lock has {0} for {1}", digest.value, known.platform),
      ),
    );
  }
}

function addInput(
  document: Document,
  declaration: Declaration,
  value: Expression,
  known: HintFacts,
  hints: InlayHint[],
): void {
  if (value.kind !== "call" || (value.callee.text !== "file" && value.callee.text !== "dir")) return;
  const [first] = value.arguments;
  const text = first === undefined ? undefined : plainTextOf(first.value);
  if (text === undefined) return;
  const data = known.data(known.resolve(text));
  const digest = data === undefined ? undefined : known.facts.digest(data);
  if (digest?.kind !== "known") return;
  const { sha256, size } = digest.value;
  hints.push(
    hint(
      document,
      at(declaration, value.span).end,
      `${bytes(size)} · sha256 ${sha256.slice(0, 8)}…${data?.place.kind === "local" ? "" : ` · ${t("pinned")}`}`,
      `sha256 ${sha256}`,
    ),
  );
}

/** Behind everything that stands on the line: hints in the middle of code are in the way. */
function hint(document: Document, offset: number, label: string, tooltip: string): InlayHint {
  const line = document.lines.line(offset);
  return { position: document.lines.position(document.lines.end(line)), label, tooltip, paddingLeft: true };
}

const SHORT = 60;

function short(text: string): string {
  return text.length <= SHORT ? text : `${text.slice(0, SHORT - 1)}…`;
}
