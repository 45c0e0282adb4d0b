import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { test } from "node:test";

const TITLE = "======== ";
const DIVIDER = "--------";

/**
 * One test for each case in the `.txt` files of a folder. A case is a title line, a text, a divider and what
 * `describe` makes of the text. `REPROD_UPDATE=1` writes what it makes now, to be read in the diff.
 */
export function goldenTests(folder: string, describe: (text: string) => string): void {
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith(".txt")) continue;
    const file = path.join(folder, name);
    const cases = readFileSync(file, "utf8").split(`\n${TITLE}`);
    const renewed: string[] = [];
    for (const [index, part] of cases.entries()) {
      const [title = "", ...lines] = (index === 0 ? part.slice(TITLE.length) : part).split("\n");
      const divider = lines.indexOf(DIVIDER);
      const text = lines.slice(0, divider < 0 ? lines.length : divider).join("\n");
      const expected =
        divider < 0
          ? ""
          : lines
              .slice(divider + 1)
              .join("\n")
              .trimEnd();
      if (process.env.REPROD_UPDATE === "1") {
        renewed.push(`${title}\n${text}\n${DIVIDER}\n${describe(text).trimEnd()}\n`);
      } else {
        test(`${name.replace(".txt", "")}: ${title}`, () => {
          assert.equal(describe(text).trimEnd(), expected);
        });
      }
    }
    if (renewed.length > 0) writeFileSync(file, TITLE + renewed.join(`\n${TITLE}`));
  }
}
