import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { describe, test } from "node:test";
import { languageRules } from "../../../server/language/checks/index.js";
import { loadProgram } from "../../../server/language/program.js";
import { drawCase, readCases, sourceOf } from "../../support/squiggles.js";

const folder = path.resolve("test/language/checks");
const fixtures = readdirSync(folder).filter((name) => name.endsWith(".txt"));

/** `REPROD_UPDATE=1` draws the fixtures anew; read what changed before you commit it. */
for (const name of fixtures) {
  describe(name.replace(/\.txt$/, ""), () => {
    const file = path.join(folder, name);
    const fixture = readFileSync(file, "utf8");
    let renewed = fixture.slice(0, Math.max(0, fixture.search(/^=== /m)));
    for (const drawn of readCases(fixture)) {
      const { problems } = loadProgram("/main.reprod", sourceOf(drawn.files));
      const expected = drawCase(drawn, problems);
      renewed += expected;
      test(drawn.title, () => {
        if (process.env.REPROD_UPDATE !== "1")
          assert.equal(fixture.includes(expected), true, `not as drawn:\n${expected}`);
      });
    }
    if (process.env.REPROD_UPDATE === "1") writeFileSync(file, renewed);
  });
}

/** Rules of the parser have their fixtures in `test/fixtures/syntax`. */
const ofTheParser = new Set([
  "syntax",
  "bad-escape",
  "nesting-limit",
  "reserved-word",
  "unclosed-script",
  "unclosed-string",
]);

test("every rule has a fixture that shows it, and a case in which it is silent", () => {
  for (const { code } of languageRules) {
    const name = code.replace("reprod/", "");
    if (ofTheParser.has(name)) continue;
    assert.ok(fixtures.includes(`${name}.txt`), `no fixture for ${code}`);
    const fixture = readFileSync(path.join(folder, `${name}.txt`), "utf8");
    assert.match(fixture, new RegExp(`~ ${code}[ :]`), `the fixture never shows ${code}`);
    const silent = readCases(fixture).some(
      ({ files }) => loadProgram("/main.reprod", sourceOf(files)).problems.length === 0,
    );
    assert.ok(silent, `no case in which ${code} is silent`);
  }
});

test("codes are unique, and every rule says what, why and how to mend it", () => {
  const codes = languageRules.map(({ code }) => code);
  assert.equal(new Set(codes).size, codes.length);
  for (const { code, what, why, fix } of languageRules) {
    assert.match(code, /^reprod\/[a-z]+(-[a-z]+)*$/);
    for (const text of [what, why, fix]) assert.match(text, /[.`]$/, code);
  }
});
