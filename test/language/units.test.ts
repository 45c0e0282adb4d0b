import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Unit } from "../../server/language/syntax.js";
import { sizeText, timeText, unitFactors } from "../../server/language/units.js";

const UNITS: { readonly [name: string]: number } = unitFactors;

test("an amount is told in the unit with the smallest whole number", () => {
  const sizes: readonly (readonly [number, string])[] = [
    [0, "0 B"],
    [1000, "1 kB"],
    [1024, "1 KiB"],
    [1_024_000, "1000 KiB"],
    [2 ** 40, "1 TiB"],
    [1.5 * 2 ** 30, "1536 MiB"],
    [2 ** 30 + 1, "1073741825 B"],
  ];
  for (const [bytes, text] of sizes) assert.equal(sizeText(bytes), text);
  const times: readonly (readonly [number, string])[] = [
    [0, "0 s"],
    [7_200_000, "2 h"],
    [86_400_000, "1 d"],
    [90_000, "90 s"],
    [1500, "1.5 s"],
    [200, "200 ms"],
  ];
  for (const [milliseconds, text] of times) assert.equal(timeText(milliseconds), text);
});

test("what is told of an amount is exactly that amount", () => {
  const units: readonly Unit[] = ["B", "kB", "MiB", "TB", "ms", "s", "min", "d"];
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5000 }), fc.constantFrom(...units), (count, unit) => {
      const amount = count * unitFactors[unit];
      for (const text of [sizeText(amount), timeText(amount)]) {
        const [number, name = ""] = text.split(" ");
        assert.equal(Math.round(Number(number) * (UNITS[name] ?? Number.NaN)), amount, text);
      }
    }),
  );
});
