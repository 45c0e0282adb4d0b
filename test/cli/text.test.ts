import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bytes, displayWidth, duration, printable, shortened, table } from "../../server/cli/text.js";

test("durations have two units at most", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, "0 ms"],
    [999, "999 ms"],
    [1000, "1.0 s"],
    [59_949, "59.9 s"],
    [59_990, "1 min"],
    [200_000, "3 min 20 s"],
    [3_600_000, "1 h"],
    [7_500_000, "2 h 5 min"],
    [90_000_000, "1 d 1 h"],
    [-5, "0 ms"],
  ];
  for (const [milliseconds, text] of cases) assert.equal(duration(milliseconds), text);
});

test("sizes are binary, with at most one digit behind the point", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1 KiB"],
    [1434, "1.4 KiB"],
    [1_048_575, "1.0 MiB"],
    [12 * 2 ** 30, "12 GiB"],
    [150.5 * 2 ** 20, "151 MiB"],
  ];
  for (const [amount, text] of cases) assert.equal(bytes(amount), text);
});

test("D12 nothing printable moves the cursor, colours or ends the line", () => {
  assert.equal(printable("a\nb\tc\u001b[31m\u0007"), "a\\nb\\tc\\u{1b}[31m\\u{7}");
  const dangerous = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
  assert.equal(printable("left\u202eright"), "left\\u{202e}right");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.ok(!dangerous.test(printable(text)));
    }),
  );
});

test("a shortened text is never wider than asked, and whole when it fits", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 40 }), (text, columns) => {
      const short = shortened(text, columns);
      assert.ok(displayWidth(short) <= columns);
      if (displayWidth(text) <= columns) assert.equal(short, text);
    }),
  );
});

test("columns line up, wide characters counted as two", () => {
  assert.equal(
    table([
      ["a", "x"],
      ["日本", "y"],
    ]),
    "a     x\n日本  y\n",
  );
  assert.equal(table([["a", ""]], [(text) => `<${text}>`]), "<a>\n");
});
