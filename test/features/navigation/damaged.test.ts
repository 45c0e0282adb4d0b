import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  incomingCalls,
  outgoingCalls,
  prepareCallHierarchy,
} from "../../../server/features/call-hierarchy.js";
import { definition } from "../../../server/features/definition.js";
import type { Document } from "../../../server/features/document.js";
import { documentLinks } from "../../../server/features/document-links.js";
import { documentSymbols } from "../../../server/features/document-symbols.js";
import { foldingRanges } from "../../../server/features/folding.js";
import { formatDocument, formatOnType, formatRange } from "../../../server/features/formatting.js";
import { documentHighlights } from "../../../server/features/highlight.js";
import { references } from "../../../server/features/references.js";
import { prepareRename, rename } from "../../../server/features/rename.js";
import { selectionRanges } from "../../../server/features/selection-ranges.js";
import { semanticTokens, semanticTokensInRange } from "../../../server/features/semantic-tokens.js";
import { workspaceSymbols } from "../../../server/features/workspace-symbols.js";
import { checkedSpan, exampleWorlds, refusal, World } from "../../support/marks.js";
import { mutateOften, seededRandom } from "../../support/mutate.js";

const worlds = exampleWorlds((file) => readFileSync(file, "utf8"));

/** Every range in what a feature gave, wherever it lies. */
function rangesIn(value: unknown): readonly { readonly start: unknown; readonly end: unknown }[] {
  if (typeof value !== "object" || value === null) return [];
  const inside = Object.values(value).flatMap(rangesIn);
  return "start" in value && "end" in value ? [{ start: value.start, end: value.end }, ...inside] : inside;
}

function isPosition(value: unknown): value is { line: number; character: number } {
  return typeof value === "object" && value !== null && "line" in value && "character" in value;
}

/** Ranges that a feature gives of the document itself are places in it, in order. */
function checkRanges(document: Document, given: unknown, what: string): void {
  for (const { start, end } of rangesIn(given)) {
    assert.ok(isPosition(start) && isPosition(end), what);
    checkedSpan(document.lines, { start, end });
  }
}

test("no feature throws at any place of damaged files, and all places that they give are real", () => {
  const random = seededRandom(61);
  for (let round = 0; round < 240; round++) {
    const files = worlds[round % worlds.length];
    assert.ok(files !== undefined);
    const crlf = random() < 0.3;
    const damaged = [...files].map(([name, text]) => {
      const whole = mutateOften(text, Math.floor(random() * 5), random);
      return [name, crlf ? whole.replaceAll(/\r?\n/g, "\r\n") : whole] as const;
    });
    const world = new World(new Map(damaged), random() < 0.5 ? "utf-16" : "utf-8");
    const name = world.names()[Math.floor(random() * world.names().length)] ?? "";
    const document = world.document(name);
    const { text, lines } = document;
    const place = () => lines.position(Math.floor(random() * (text.length + 1)));
    for (const [what, given] of [
      ["symbols", documentSymbols(document)],
      ["folding", foldingRanges(document)],
      ["links", documentLinks(document, world)],
      ["format", formatDocument(document)],
    ] as const)
      checkRanges(document, given, `${what}\n${text}`);
    semanticTokens(document);
    workspaceSymbols("a", world);
    for (let at = 0; at < 12; at++) {
      const position = place();
      const start = place();
      const range = { start, end: lines.position(Math.min(text.length, lines.offset(start) + 200)) };
      checkRanges(document, documentHighlights(document, position), "highlight");
      checkRanges(document, selectionRanges(document, [position, place()]), "selection");
      checkRanges(document, formatRange(document, range), "format range");
      checkRanges(document, formatOnType(document, position, random() < 0.5 ? "}" : "\n"), "format on type");
      semanticTokensInRange(document, range);
      definition(document, position, world);
      references(document, position, world, random() < 0.5);
      for (const item of prepareCallHierarchy(document, position, world)) {
        incomingCalls(item, world);
        outgoingCalls(item, world);
      }
      const prepared = refusal(() => prepareRename(document, position));
      if (typeof prepared !== "string") checkRanges(document, prepared, "rename");
      refusal(() => rename(document, position, random() < 0.5 ? "fresh" : "depth", world));
    }
  }
});

test("places outside of a document are taken to the nearest ones", () => {
  const world = new World(new Map([["a.reprod", "let a = 1\nlet b = a"]]));
  const document = world.document();
  for (const position of [
    { line: -1, character: 0 },
    { line: 99, character: 99 },
    { line: 1, character: 99 },
  ]) {
    definition(document, position, world);
    references(document, position, world, true);
    documentHighlights(document, position);
    selectionRanges(document, [position]);
    prepareCallHierarchy(document, position, world);
    formatOnType(document, position, "\n");
    refusal(() => prepareRename(document, position));
  }
});
