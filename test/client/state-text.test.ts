import assert from "node:assert/strict";
import { test } from "node:test";
import { countsInShort, countsInWords, stateWord, worstState } from "../../client/state-text.js";
import { shownStates, stateSigns } from "../../server/protocol.js";
import { english as t } from "./english.js";

test("each state has a word and a sign of its own", () => {
  assert.equal(new Set(shownStates.map((state) => stateWord(state, t))).size, shownStates.length);
  assert.equal(new Set(shownStates.map((state) => stateSigns[state])).size, shownStates.length);
});

test("what wants attention comes first", () => {
  const counts = { cached: 5, stale: 1, failed: 0 };
  assert.equal(worstState(counts), "stale");
  assert.equal(worstState({}), undefined);
  assert.equal(countsInWords(counts, t), "1 stale, 5 cached");
  assert.equal(countsInShort(counts, t), "◐ 1  ✓ 5");
});

test("one state alone is its word", () => {
  assert.equal(countsInShort({ cached: 14 }, t), "cached");
  assert.equal(countsInShort({ waiting: 2 }, t), "2 waiting");
  assert.equal(countsInShort({ failed: 1 }, t), "failed");
  assert.equal(countsInShort({}, t), "");
});
