import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { format } from "../../server/language/format.js";
import { loadProgram } from "../../server/language/program.js";
import { sourceOf } from "../support/squiggles.js";

/**
 * What a page shows of the language must be right, or readers learn mistakes. A block between fences marked `reprod`
 * is a file, together with what stands unseen in a comment directly above it:
 *
 *     <!-- besides
 *     table samples = csv("samples.csv") { name: String }
 *     -->
 */
interface Example {
  readonly besides: string;
  readonly shown: string;
}

const pages = readdirSync(".")
  .concat(readdirSync("docs", { recursive: true }).map((file) => path.posix.join("docs", String(file))))
  .filter((file) => file.endsWith(".md"))
  .sort();

function examplesOf(page: string): readonly Example[] {
  const blocks = /(?:<!-- besides\n([\s\S]*?)-->\n+)?^(`{3,})reprod\n([\s\S]*?\n)\2$/gm;
  return [...readFileSync(page, "utf8").matchAll(blocks)].map(([, besides = "", , shown = ""]) => ({
    besides,
    shown,
  }));
}

test("the pages with examples are found", () => {
  assert.ok(examplesOf("README.md").length >= 2);
  assert.ok(examplesOf("docs/language.md").length >= 7);
});

for (const page of pages.filter((name) => name !== "README.md")) {
  for (const { besides, shown } of examplesOf(page)) {
    test(`${page}: ${firstLine(shown)}`, () => {
      const main = `${shown}\n${besides}`;
      const { problems } = loadProgram("/main.reprod", sourceOf(new Map([["main.reprod", main]])));
      assert.deepEqual(
        problems.map(({ rule, message }) => `${rule.code}: ${message}`),
        [],
      );
      assert.equal(shown, format(shown), "as `reprod fmt` lays it out");
    });
  }
}

test("what the README shows of a pipeline stands in the pipeline that it runs", () => {
  const weather = readFileSync("examples/weather/weather.reprod", "utf8");
  for (const { shown } of examplesOf("README.md")) assert.ok(weather.includes(shown), shown);
});

test("docs/cli.md names every setting of reprod.json", () => {
  const schema: { properties: object } = JSON.parse(readFileSync("media/reprod.schema.json", "utf8"));
  const named = readFileSync("docs/cli.md", "utf8");
  for (const setting of Object.keys(schema.properties))
    assert.ok(named.includes(setting === "$schema" ? setting : `| \`${setting}\` |`), setting);
});

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
