import { definition } from "../../../server/features/definition.js";
import { goldenTests } from "../../support/golden.js";
import { drawNotes, inEveryForm, type Note } from "../../support/marks.js";

/** Below each cursor's name: what is underlined while pointing at it, then where it leads. */
goldenTests("test/features/navigation/definition", (fixture) =>
  inEveryForm(fixture, (world, { cursors }) => {
    const notes: Note[] = [];
    for (const [at, cursor] of cursors.entries()) {
      const name = cursors.length === 1 ? "" : ` ${at + 1}`;
      const links = definition(world.document(cursor.file), world.position(cursor), world);
      for (const { originSelectionRange, targetUri, targetRange, targetSelectionRange } of links) {
        if (originSelectionRange !== undefined)
          notes.push({ file: cursor.file, range: originSelectionRange, text: `from${name}` });
        const file = world.file(targetUri);
        notes.push({ file, range: targetRange, text: `whole${name}` });
        notes.push({ file, range: targetSelectionRange, text: `name${name}` });
      }
      if (links.length === 0)
        notes.push({ file: cursor.file, range: world.range(cursor), text: `nothing${name}` });
    }
    return drawNotes(world, notes);
  }),
);
