import assert from "node:assert/strict";
import { test } from "node:test";
import * as vocabulary from "../../../server/features/hover/vocabulary.js";
import { failureKinds } from "../../../server/language/failure-kinds.js";
import { RESERVED_WORDS } from "../../../server/language/lexer.js";
import { givenVariables } from "../../../server/language/reserved-words.js";
import { NAMED_TYPES } from "../../../server/language/types.js";
import { unitFactors } from "../../../server/language/units.js";

test("every word of the language has its sentence, and no other has", () => {
  const same = (words: Iterable<string>, known: Iterable<string>): void =>
    assert.deepEqual([...words].sort(), [...known].sort());
  same(vocabulary.types.keys(), NAMED_TYPES.keys());
  same(vocabulary.units.keys(), Object.keys(unitFactors));
  same(vocabulary.failures.keys(), failureKinds);
  same(vocabulary.variables.keys(), givenVariables);
  const words = new Set([...vocabulary.declarations.keys(), ...vocabulary.operators.keys()]);
  for (const word of RESERVED_WORDS) assert.ok(words.has(word), word);
});

test("sentences are short and end as sentences do", () => {
  for (const [name, words] of Object.entries(vocabulary))
    for (const [word, sentence] of words) {
      assert.match(sentence, /^[A-Z0-9`].*\.$/, `${name}: ${word}`);
      assert.ok(sentence.length < 110, `${name}: ${word}`);
    }
});
