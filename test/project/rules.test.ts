import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { test } from "node:test";

/**
 * The rules of the engine whose breach gives wrong, lost or forged results (docs/engine-rules.md, level E), of the
 * sections that the local engine rests on. Each must be held by at least one test that bears its name.
 */
const essential = ["A1", "A2", "A3", "A4", "A5", "A6", "B1", "B3", "C2", "C4", "C5", "C7", "C9", "E1", "E2"];

const names = readdirSync("test", { recursive: true })
  .map(String)
  .filter((file) => file.endsWith(".test.ts"))
  .flatMap((file) => {
    const text = readFileSync(path.join("test", file), "utf8");
    return [...text.matchAll(/\b(?:test|it|describe|suite)\(\s*["'`]([^"'`]+)/g)].map(
      (match) => match[1] ?? "",
    );
  });

for (const rule of essential) {
  test(`a test bears the name of ${rule}`, () => {
    const bearing = names.filter((name) => new RegExp(`\\b${rule}\\b`).test(name));
    assert.notEqual(bearing.length, 0, `no test is named after rule ${rule}`);
  });
}
