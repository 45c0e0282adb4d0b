import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, bytes, dollars, duration, estimated, grouped, nodesText } from "../../client/format.js";
import { english as t } from "./english.js";

test("durations have two units at most", () => {
  const cases: readonly (readonly [number, string])[] = [
    [-5, "0 ms"],
    [850, "850 ms"],
    [12_400, "12 s"],
    [59_999, "1 min"],
    [250_000, "4 min 10 s"],
    [240_000, "4 min"],
    [12 * 60_000 + 31_000, "13 min"],
    [2 * 3_600_000, "2 h"],
    [2 * 3_600_000 + 5 * 60_000, "2 h 5 min"],
    [3 * 86_400_000 + 4 * 3_600_000, "3 d 4 h"],
  ];
  for (const [milliseconds, text] of cases) assert.equal(duration(milliseconds, t), text);
});

test("times are told as people do", () => {
  const now = Date.parse("2026-03-10T12:00:00Z");
  const cases: readonly (readonly [string, string])[] = [
    ["2026-03-10T12:00:10Z", "just now"],
    ["2026-03-10T11:59:40Z", "just now"],
    ["2026-03-10T11:57:00Z", "3 min ago"],
    ["2026-03-10T09:00:00Z", "3 h ago"],
    ["2026-03-09T11:00:00Z", "yesterday"],
    ["2026-03-01T12:00:00Z", "9 days ago"],
    ["2025-12-10T12:00:00Z", "3 months ago"],
  ];
  for (const [iso, text] of cases) assert.equal(ago(iso, now, t), text);
});

test("sizes have three digits at most", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1 KiB"],
    [1536, "1.5 KiB"],
    [3.1 * 1024 ** 3, "3.1 GiB"],
    [120 * 1024 ** 2, "120 MiB"],
    [2 ** 60, "1024 PiB"],
  ];
  for (const [amount, text] of cases) assert.equal(bytes(amount), text);
});

test("estimates are told no more exactly than they are", () => {
  assert.equal(estimated(700_000, 740_000, t), "about 12 min");
  assert.equal(estimated(600_000, 900_000, t), "10 min to 15 min");
  assert.equal(estimated(10, 20, t), "about 1 s");
  assert.equal(dollars(0.31, 0.31, t), "$0.31");
  assert.equal(dollars(0.001, 1.5, t), "$0.001 to $1.50");
});

test("counts", () => {
  assert.equal(grouped(1990), "1,990");
  assert.equal(grouped(999), "999");
  assert.equal(nodesText(1, t), "1 node");
  assert.equal(nodesText(12_345, t), "12,345 nodes");
});
