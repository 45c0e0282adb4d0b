import assert from "node:assert/strict";
import { type DocumentSymbol, SymbolKind } from "vscode-languageserver-types";
import { documentSymbols } from "../../../server/features/document-symbols.js";
import { goldenTests } from "../../support/golden.js";
import { checkedSpan, inEveryForm, type World } from "../../support/marks.js";

const kindNames = new Map(Object.entries(SymbolKind).map(([name, kind]) => [kind, name]));

/** One line a symbol: kind, name, what is said of it, its lines, and the text that is selected. */
function show(world: World, symbols: readonly DocumentSymbol[], depth: number): string {
  const lines = world.lines("/main.reprod");
  return symbols
    .map(({ name, kind, detail, range, selectionRange, children }) => {
      const whole = checkedSpan(lines, range);
      const selected = checkedSpan(lines, selectionRange);
      assert.ok(whole.start <= selected.start && selected.end <= whole.end, "the name is inside");
      const text = world.text("main.reprod").slice(selected.start, selected.end).replace(/\s+/g, " ");
      const said = [
        `${"  ".repeat(depth)}${kindNames.get(kind)} ${name}`,
        detail === undefined ? "" : `: ${detail}`,
        ` (${range.start.line + 1}-${range.end.line + 1}`,
        text === name ? ")" : ` ${JSON.stringify(text)})`,
      ];
      return `${said.join("")}\n${show(world, children ?? [], depth + 1)}`;
    })
    .join("");
}

goldenTests("test/features/navigation/document-symbols", (fixture) =>
  inEveryForm(fixture, (world) => show(world, documentSymbols(world.document()), 0)),
);
