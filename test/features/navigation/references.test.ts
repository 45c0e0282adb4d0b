import assert from "node:assert/strict";
import { references } from "../../../server/features/references.js";
import { goldenTests } from "../../support/golden.js";
import { drawNotes, inEveryForm } from "../../support/marks.js";

/** `d`: only found when declarations are asked for. */
goldenTests("test/features/navigation/references", (fixture) =>
  inEveryForm(fixture, (world, { cursors }) => {
    const [cursor] = cursors;
    assert.ok(cursor !== undefined && cursors.length === 1);
    const document = world.document(cursor.file);
    const uses = references(document, world.position(cursor), world, false);
    const all = references(document, world.position(cursor), world, true);
    const isUse = (uri: string, line: number, character: number) =>
      uses.some(
        (use) => use.uri === uri && use.range.start.line === line && use.range.start.character === character,
      );
    assert.ok(uses.length <= all.length);
    return drawNotes(
      world,
      all.map(({ uri, range }) => ({
        file: world.file(uri),
        range,
        text: isUse(uri, range.start.line, range.start.character) ? "" : "d",
      })),
    ).replaceAll(/ +$/gm, "");
  }),
);
