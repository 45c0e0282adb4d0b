import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { describe, type TestContext, test } from "node:test";
import { DiskFacts } from "../../../server/data/facts.js";
import { lockPath, readLock } from "../../../server/data/lock.js";
import { openProject } from "../../../server/data/project.js";
import { DiskText } from "../../../server/data/text.js";
import { checkFacts, featureRules } from "../../../server/features/checks/index.js";
import { evaluate } from "../../../server/graph/evaluate.js";
import type { PlacedProblem } from "../../../server/language/problems.js";
import { loadProgram } from "../../../server/language/program.js";
import { type DrawnCase, drawCase, readCases } from "../../support/squiggles.js";
import { temporaryFolder, writeFiles } from "../../support/temporary.js";

const fixtures = path.resolve("test/features/checks");
const names = fs.readdirSync(fixtures).filter((name) => name.endsWith(".txt"));

/** The problems of a case whose files lie on disk; "(on the host)" in its title says that images are not used. */
function check(t: TestContext, { title, files }: DrawnCase): readonly PlacedProblem[] {
  const folder = temporaryFolder(t);
  writeFiles(folder, { ".reprod/local.json": "{}", ...Object.fromEntries(files) });
  const file = path.join(folder, "main.reprod");
  const program = loadProgram(file, new DiskText());
  assert.deepEqual(
    program.problems.filter(({ rule }) => rule.severity === "error").map(({ message }) => message),
    [],
    "the text itself is right",
  );
  const facts = new DiskFacts({ project: openProject(file), lock: readLock(lockPath(file)) });
  const { graph } = evaluate(program, { values: new Map() }, facts);
  const useImages = !title.includes("(on the host)");
  const problems = checkFacts({ program, graph, facts, root: folder, useImages, platform: "linux/amd64" });
  return problems.map((problem) => ({
    ...problem,
    path: problem.path.slice(folder.length),
    message: problem.message.replaceAll(folder, ""),
  }));
}

/** `REPROD_UPDATE=1` draws the fixtures anew; read what changed before you commit it. */
for (const name of names) {
  describe(name.replace(/\.txt$/, ""), () => {
    const file = path.join(fixtures, name);
    const fixture = fs.readFileSync(file, "utf8");
    for (const drawn of readCases(fixture)) {
      test(drawn.title, (t) => {
        const expected = drawCase(drawn, check(t, drawn));
        if (process.env.REPROD_UPDATE === "1") {
          const now = fs.readFileSync(file, "utf8");
          const begin = now.indexOf(`=== ${drawn.title}\n`);
          const end = now.indexOf("\n=== ", begin);
          fs.writeFileSync(file, now.slice(0, begin) + expected + (end < 0 ? "" : now.slice(end + 1)));
        } else {
          assert.equal(fixture.includes(expected), true, `not as drawn:\n${expected}`);
        }
      });
    }
  });
}

test("every rule has a fixture that shows it, a case in which it is silent, and says what, why and how to mend it", (t) => {
  const codes = featureRules.map(({ code }) => code);
  assert.equal(new Set(codes).size, codes.length);
  for (const { code, what, why, fix } of featureRules) {
    const name = code.replace("reprod/", "");
    assert.ok(names.includes(`${name}.txt`), `no fixture for ${code}`);
    const fixture = fs.readFileSync(path.join(fixtures, `${name}.txt`), "utf8");
    assert.match(fixture, new RegExp(`~ ${code}[ :]`), `the fixture never shows ${code}`);
    assert.ok(
      readCases(fixture).some((drawn) => check(t, drawn).length === 0),
      `no case in which ${code} is silent`,
    );
    for (const text of [what, why, fix]) assert.match(text, /[.`]$/, code);
  }
});
