import assert from "node:assert/strict";
import { DocumentHighlightKind } from "vscode-languageserver-types";
import { documentHighlights } from "../../../server/features/highlight.js";
import { goldenTests } from "../../support/golden.js";
import { drawNotes, inEveryForm } from "../../support/marks.js";

goldenTests("test/features/navigation/highlight", (fixture) =>
  inEveryForm(fixture, (world, { cursors }) => {
    const [cursor] = cursors;
    assert.ok(cursor !== undefined);
    const found = documentHighlights(world.document(cursor.file), world.position(cursor));
    return drawNotes(
      world,
      found.map(({ range, kind }) => ({
        file: cursor.file,
        range,
        text: kind === DocumentHighlightKind.Write ? "write" : "read",
      })),
    );
  }),
);
