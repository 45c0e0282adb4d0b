import assert from "node:assert/strict";
import type { SelectionRange } from "vscode-languageserver-types";
import { selectionRanges } from "../../../server/features/selection-ranges.js";
import { goldenTests } from "../../support/golden.js";
import { checkedSpan, inEveryForm } from "../../support/marks.js";

/** What is selected, from the word outwards. */
goldenTests("test/features/navigation/selection-ranges", (fixture) =>
  inEveryForm(fixture, (world, { cursors }) => {
    const document = world.document();
    const found = selectionRanges(
      document,
      cursors.map((cursor) => world.position(cursor)),
    );
    assert.equal(found.length, cursors.length);
    return found
      .map((first) => {
        let shown = "";
        let inner: { readonly start: number; readonly end: number } | undefined;
        for (let one: SelectionRange | undefined = first; one !== undefined; one = one.parent) {
          const span = checkedSpan(document.lines, one.range);
          if (inner !== undefined) assert.ok(span.start <= inner.start && inner.end <= span.end);
          inner = span;
          shown += `${JSON.stringify(document.text.slice(span.start, span.end).replaceAll("\r", ""))}\n`;
        }
        return shown;
      })
      .join("\n");
  }),
);
