import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeAndOut, nodeName } from "../../server/cli/names.js";

test("a node's name is taken with or without spaces", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["report", "report"],
    [" report ", "report"],
    ['aligned["ANN0830",2]', 'aligned["ANN0830", 2]'],
    ['aligned[ "ANN0830" ,  2 ]', 'aligned["ANN0830", 2]'],
    ['aligned["ANN0830", 2]', 'aligned["ANN0830", 2]'],
    ["fit[0.010,true]", "fit[0.010, true]"],
    ['odd["a, b]","c\\"d"]', 'odd["a, b]", "c\\"d"]'],
    ["broken[", "broken["],
    ["broken[a]", "broken[a]"],
    ["empty[]", "empty[]"],
  ];
  for (const [typed, written] of cases) assert.equal(nodeName(typed), written);
});

test("an out follows the last dot that is not inside a key", () => {
  const cases: readonly (readonly [string, string, string | undefined])[] = [
    ["report.page", "report", "page"],
    ["report", "report", undefined],
    ['filtered["a.b"]', 'filtered["a.b"]', undefined],
    ['filtered["a.b",1].vcf', 'filtered["a.b", 1]', "vcf"],
    ["fit[0.5]", "fit[0.5]", undefined],
  ];
  for (const [typed, node, out] of cases) assert.deepEqual(nodeAndOut(typed), { node, out });
});
