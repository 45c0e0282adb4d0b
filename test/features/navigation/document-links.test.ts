import { documentLinks } from "../../../server/features/document-links.js";
import { goldenTests } from "../../support/golden.js";
import { drawNotes, inEveryForm } from "../../support/marks.js";

goldenTests("test/features/navigation/document-links", (fixture) =>
  inEveryForm(fixture, (world) => {
    const links = documentLinks(world.document(), world);
    return drawNotes(
      world,
      links.map(({ range, target, tooltip }) => ({
        file: world.names()[0] ?? "",
        range,
        text: `${target} (${tooltip})`,
      })),
    );
  }),
);
