import assert from "node:assert/strict";
import type { TextDocumentEdit } from "vscode-languageserver-types";
import { prepareRename, rename } from "../../../../server/features/rename.js";
import { goldenTests } from "../../../support/golden.js";
import { applyWorkspaceEdit, drawChange, inEveryForm, refusal, type World } from "../../../support/marks.js";

/** The first line of a fixture is the new name. */
goldenTests("test/features/navigation/rename", (fixture) => {
  const newline = fixture.indexOf("\n");
  const newName = fixture.slice(0, newline).replace(/^to:? ?/, "");
  return inEveryForm(fixture.slice(newline + 1), (world, { cursors }) => {
    const [cursor] = cursors;
    assert.ok(cursor !== undefined && cursors.length === 1);
    const document = world.document(cursor.file);
    const position = world.position(cursor);
    const prepared = refusal(() => prepareRename(document, position));
    const renamed = refusal(() => rename(document, position, newName, world));
    if (typeof prepared === "string") {
      assert.equal(renamed, prepared);
      return prepared;
    }
    const { start, end } = document.lines.span(prepared.range);
    assert.equal(document.text.slice(start, end), prepared.placeholder);
    if (typeof renamed === "string") return renamed;
    const { documentChanges = [], changeAnnotations } = renamed;
    const changes = documentChanges.filter((one): one is TextDocumentEdit => "edits" in one);
    return drawChanges(world, changes) + drawUnsure(world, changes, changeAnnotations?.unsure?.label);
  });
});

function drawChanges(world: World, changes: readonly TextDocumentEdit[]): string {
  const changed = applyWorkspaceEdit(world, changes);
  return [...changed]
    .map(([file, text]) => {
      const heading = world.names().length > 1 ? `--- ${file}\n` : "";
      return heading + drawChange(world.text(file), text);
    })
    .join("");
}

function drawUnsure(world: World, changes: readonly TextDocumentEdit[], label: string | undefined): string {
  const unsure = changes.flatMap(({ textDocument, edits }) =>
    edits.flatMap((edit) =>
      "annotationId" in edit
        ? [`${world.file(textDocument.uri)}:${edit.range.start.line + 1}:${edit.range.start.character + 1}`]
        : [],
    ),
  );
  if (unsure.length === 0) {
    assert.equal(label, undefined);
    return "";
  }
  return `? ${label}: ${unsure.map((place) => place.replace(/^.*?:/, "")).join(", ")}\n`;
}
