import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { ruleOf, rules } from "../../server/features/rules.js";
import { exampleOf } from "../support/examples.js";

const page = readFileSync("docs/errors.md", "utf8");

test("every code is there once", () => {
  const codes = rules.map(({ code }) => code);
  assert.deepEqual(
    codes.filter((code, at) => codes.indexOf(code) !== at),
    [],
  );
  for (const rule of rules) assert.equal(ruleOf(rule.code), rule);
});

test("docs/errors.md explains the codes that there are, in their own words (else: node scripts/docs-errors.mjs)", () => {
  const sections = [...page.matchAll(/^## (.+)$/gm)].map(([, name]) => `reprod/${name}`);
  assert.deepEqual(sections, [...new Set(rules.map(({ code }) => code))]);
  for (const { code, what, why, fix } of rules) {
    const name = code.replace("reprod/", "");
    const from = page.indexOf(`## ${name}\n`);
    const section = page.slice(from, page.indexOf("\n## ", from + 1) >>> 0);
    assert.ok(section.includes(what) && section.includes(why) && section.includes(fix), code);
    const fixture = `test/language/checks/${name}.txt`;
    const example = existsSync(fixture) ? exampleOf(code, readFileSync(fixture, "utf8")) : undefined;
    if (example !== undefined) assert.ok(section.includes(example), `the example of ${code}`);
  }
});
