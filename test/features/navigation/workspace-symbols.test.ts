import { SymbolKind } from "vscode-languageserver-types";
import { workspaceSymbols } from "../../../server/features/workspace-symbols.js";
import { goldenTests } from "../../support/golden.js";
import { drawNotes, inEveryForm } from "../../support/marks.js";

const kindNames = new Map(Object.entries(SymbolKind).map(([name, kind]) => [kind, name]));

/** The query is the first line of a fixture. */
goldenTests("test/features/navigation/workspace-symbols", (fixture) => {
  const query = fixture.slice(0, fixture.indexOf("\n")).replace("query: ", "").replace("query:", "");
  return inEveryForm(fixture.slice(fixture.indexOf("\n") + 1), (world) =>
    drawNotes(
      world,
      workspaceSymbols(query, world).flatMap(({ name, kind, location, containerName }) =>
        "range" in location
          ? [
              {
                file: world.file(location.uri),
                range: location.range,
                text: `${kindNames.get(kind)} ${name} in ${containerName}`,
              },
            ]
          : [],
      ),
    ),
  );
});
