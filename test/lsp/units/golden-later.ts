import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { type TestContext, test } from "node:test";

const TITLE = "======== ";
const DIVIDER = "\n--------\n";

/**
 * As `goldenTests` of support/golden.ts, for what takes its time: the same form of file, and renewed in the same way by
 * `REPROD_UPDATE=1`, to be read in the diff.
 */
export function goldenLater(
  folder: string,
  describe: (text: string, context: TestContext) => Promise<string>,
): void {
  for (const name of fs.readdirSync(folder).sort()) {
    if (!name.endsWith(".txt")) continue;
    const file = path.join(folder, name);
    const cases = fs
      .readFileSync(file, "utf8")
      .split(new RegExp(`^${TITLE}`, "m"))
      .slice(1);
    const renewed: string[] = [];
    for (const [index, one] of cases.entries()) {
      const [title = ""] = one.split("\n", 1);
      const [text = "", expected = ""] = one.slice(title.length + 1).split(DIVIDER);
      test(`${name.replace(".txt", "")}: ${title}`, async (context) => {
        const actual = (await describe(text, context)).trimEnd();
        if (process.env.REPROD_UPDATE !== "1") {
          assert.equal(actual, expected.trimEnd());
          return;
        }
        renewed.push(`${TITLE}${title}\n${text}${DIVIDER}${actual}\n`);
        if (index === cases.length - 1) fs.writeFileSync(file, renewed.join("\n"));
      });
    }
  }
}
