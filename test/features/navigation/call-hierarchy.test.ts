import assert from "node:assert/strict";
import type { CallHierarchyItem, Range } from "vscode-languageserver-types";
import {
  incomingCalls,
  outgoingCalls,
  prepareCallHierarchy,
} from "../../../server/features/call-hierarchy.js";
import { goldenTests } from "../../support/golden.js";
import { drawNotes, inEveryForm, type Note, type World } from "../../support/marks.js";

/** `item`: what the cursor is on; `in x`: where `x` reads it; `out x`: where it reads `x`. */
goldenTests("test/features/navigation/call-hierarchy", (fixture) =>
  inEveryForm(fixture, (world, { cursors }) => {
    const [cursor] = cursors;
    assert.ok(cursor !== undefined && cursors.length === 1);
    const items = prepareCallHierarchy(world.document(cursor.file), world.position(cursor), world);
    return items.length === 0
      ? "nothing"
      : items.map((item) => drawNotes(world, notesOf(world, item))).join("\n");
  }),
);

function notesOf(world: World, prepared: CallHierarchyItem): readonly Note[] {
  // A client gives items back as they came over the wire.
  const item: CallHierarchyItem = JSON.parse(JSON.stringify(prepared));
  const file = world.file(item.uri);
  const detail = item.detail === undefined || item.detail === "" ? "" : `: ${item.detail}`;
  const notes: Note[] = [{ file, range: item.selectionRange, text: `item ${item.name}${detail}` }];
  const add = (where: string, ranges: readonly Range[], text: string) => {
    assert.notEqual(ranges.length, 0);
    for (const range of ranges) notes.push({ file: where, range, text });
  };
  for (const { from, fromRanges } of incomingCalls(item, world))
    add(world.file(from.uri), fromRanges, `in ${from.name}`);
  for (const { to, fromRanges } of outgoingCalls(item, world)) add(file, fromRanges, `out ${to.name}`);
  return notes;
}
