import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { FailureKind } from "../../server/graph/model.js";
import { failureKinds } from "../../server/language/failure-kinds.js";
import { functions } from "../../server/language/functions.js";
import { NAMED_TYPES } from "../../server/language/types.js";

const page = readFileSync("docs/language.md", "utf8");

test("the reference has every function, type and kind of failure (else: node scripts/docs-functions.mjs)", () => {
  for (const { shown, doc } of functions.values())
    assert.ok(page.includes(`| \`${shown.replaceAll("|", "\\|")}\` | ${doc} |`), shown);
  for (const name of NAMED_TYPES.keys()) assert.ok(page.includes(`\`${name}\``), name);
  for (const kind of failureKinds) assert.ok(page.includes(`\`${kind}\``), kind);
});

test("the words of retry are the kinds of failure that the engine knows", () => {
  // The compiler holds both directions: a word that is missing or too much does not compile.
  const known: readonly FailureKind[] = failureKinds;
  const missing: Exclude<FailureKind, (typeof failureKinds)[number]>[] = [];
  assert.equal(new Set(known).size, known.length);
  const nothing: readonly never[] = missing;
  assert.equal(nothing.length, 0);
});
