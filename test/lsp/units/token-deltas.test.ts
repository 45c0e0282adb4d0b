import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { SemanticTokens, SemanticTokensDelta } from "vscode-languageserver-types";
import { TokenDeltas } from "../../../server/lsp/token-deltas.js";

/** As a client does it: edits are of the old data, and are applied from the end. */
function applied(before: readonly number[], answer: SemanticTokens | SemanticTokensDelta): readonly number[] {
  if ("data" in answer) return answer.data;
  const data = [...before];
  for (const { start, deleteCount, data: inserted } of [...answer.edits].reverse())
    data.splice(start, deleteCount, ...(inserted ?? []));
  return data;
}

// Few different numbers, so that starts and ends are often alike.
const tokens = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 12 });

test("property: the edits make the new tokens of the old ones", () => {
  fc.assert(
    fc.property(fc.array(tokens, { minLength: 1, maxLength: 5 }), (steps) => {
      const deltas = new TokenDeltas();
      let known: readonly number[] = [];
      let id = deltas.full("a", []).resultId ?? "";
      for (const data of steps) {
        const answer = deltas.delta("a", id, data);
        assert.ok("edits" in answer, "the client has what we think");
        known = applied(known, answer);
        assert.deepEqual(known, data);
        id = answer.resultId ?? "";
      }
    }),
  );
});

test("a client that has other tokens than we think, or was not heard of for long, is given all", () => {
  const deltas = new TokenDeltas();
  const { resultId = "" } = deltas.full("a", [1, 2, 3]);
  assert.deepEqual(applied([], deltas.delta("a", "another", [1, 2])), [1, 2]);
  assert.ok("data" in deltas.delta("a", resultId, [1]), "an id of before");
  const newest = deltas.full("a", [1]).resultId ?? "";
  for (let i = 0; i < 100; i++) deltas.full(`${i}`, [i]);
  assert.ok("data" in deltas.delta("a", newest, [1]), "nothing grows for ever");
});
