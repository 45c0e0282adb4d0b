import { foldingRanges } from "../../../server/features/folding.js";
import { goldenTests } from "../../support/golden.js";
import { inEveryForm } from "../../support/marks.js";

/** Left of each line the folds that go over it: `v` where one begins, `^` where it ends, its kind behind the line. */
goldenTests("test/features/navigation/folding", (fixture) =>
  inEveryForm(fixture, (world) => {
    const folds = foldingRanges(world.document());
    const columns: (typeof folds)[] = [];
    for (const fold of folds) {
      const column = columns.find((one) => one.every(({ endLine }) => endLine < fold.startLine));
      if (column === undefined) columns.push([fold]);
      else column.push(fold);
    }
    return world
      .text("main.reprod")
      .split(/\r?\n/)
      .map((line, at) => {
        const signs = columns.map((column) => {
          const fold = column.find(({ startLine, endLine }) => startLine <= at && at <= endLine);
          return fold === undefined ? " " : fold.startLine === at ? "v" : fold.endLine === at ? "^" : "|";
        });
        const kinds = folds.flatMap(({ startLine, kind }) =>
          startLine === at && kind !== undefined ? [kind] : [],
        );
        return `${[`${signs.join("")} ${line}`, ...kinds].join("  ← ")}`.trimEnd();
      })
      .join("\n");
  }),
);
