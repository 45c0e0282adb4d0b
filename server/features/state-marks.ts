import type { StateMark } from "../protocol.js";
import type { Document } from "./document.js";
import { at, nodeStatements } from "./lenses.js";
import type { NodeStates } from "./node-states.js";
import { summaryInWords, worstState } from "./state-texts.js";

/** The signs in the gutter of a document: one a node statement that declares nodes. Linear in the declarations. */
export function stateMarks(document: Document, states: NodeStates): readonly StateMark[] {
  const marks: StateMark[] = [];
  for (const declaration of document.module.file.declarations) {
    for (const node of nodeStatements(declaration)) {
      const summary = states.ofStatement(node);
      if (summary === undefined || summary.nodes === 0) continue;
      marks.push({
        range: document.lines.range(at(declaration, node.name.span)),
        state: worstState(summary.counts),
        family: node.name.text,
        counts: summary.counts,
        text: summaryInWords(summary),
      });
    }
  }
  return marks;
}
