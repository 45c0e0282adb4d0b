import assert from "node:assert/strict";
import { test } from "node:test";
import { offsetAt, positionAt } from "../../server/language/place.js";

for (const [name, text, offset, line, column] of [
  ["the first character", "ab\ncd", 0, 1, 1],
  ["the end of a line", "ab\ncd", 2, 1, 3],
  ["the start of a line", "ab\ncd", 3, 2, 1],
  ["the end of the text", "ab\ncd", 5, 2, 3],
  ["behind a last line end", "ab\n", 3, 2, 1],
  ["after CRLF", "ab\r\ncd", 4, 2, 1],
  ["behind a character of two units", "\u{1F33B}x", 2, 1, 3],
  ["nothing", "", 0, 1, 1],
] as const) {
  test(`${name} has a line and a column, and back`, () => {
    assert.deepEqual(positionAt(text, offset), { line, column });
    assert.equal(offsetAt(text, { line, column }), offset);
  });
}

test("places outside of the text are its ends", () => {
  assert.deepEqual(positionAt("ab\nc", 99), { line: 2, column: 2 });
  assert.deepEqual(positionAt("ab\nc", -1), { line: 1, column: 1 });
  assert.equal(offsetAt("ab\nc", { line: 9, column: 1 }), 4);
  assert.equal(offsetAt("ab\nc", { line: 1, column: 99 }), 2);
});
