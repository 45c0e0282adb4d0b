import { readFileSync } from "node:fs";
import { parse } from "../server/language/parser.js";
import { reparse } from "../server/language/reuse.js";

// Key typed to tree, on a 2,000-line file made of the fixture with every form of the language:
//   npx esbuild bench/language.ts --bundle --platform=node --outfile=out/bench-language.js && node out/bench-language.js

const LINES = 2_000;
const KEYS = 4_000;
/** The first keys are read by code that the engine has not compiled yet; an editor has left that behind soon. */
const WARM_UP = 1_000;

const part = readFileSync("test/fixtures/everything.reprod", "utf8");
let text = "";
let copies = 0;
for (let lines = 0; lines < LINES; lines += part.split("\n").length) {
  text += `${part.replaceAll("Align", `Align${copies++}`)}\n`;
}

function milliseconds(work: () => void): number {
  const begin = performance.now();
  work();
  return performance.now() - begin;
}

function report(name: string, times: number[]): void {
  times.sort((a, b) => a - b);
  const at = (share: number) => (times[Math.floor((times.length - 1) * share)] ?? 0).toFixed(3);
  console.log(`${name.padEnd(26)} p50 ${at(0.5)} ms   p95 ${at(0.95)} ms   max ${at(1)} ms`);
}

console.log(`${text.split("\n").length} lines, ${text.length} characters`);
report("first parse, cold", [milliseconds(() => parse(text))]);
for (let round = 0; round < 100; round++) parse(text);
report(
  "whole parse, warm",
  Array.from({ length: 100 }, () => milliseconds(() => parse(text))),
);

/** Moves through the file in steps that meet every kind of place, and types one character at each. */
const STEP = 7_919;
const typed = 'abc =({"\n';
const times: number[] = [];
let file = parse(text);
for (let key = 0; key < KEYS; key++) {
  const at = (key * STEP) % file.text.length;
  const next = file.text.slice(0, at) + typed.charAt(key % typed.length) + file.text.slice(at);
  const before = file;
  times.push(milliseconds(() => (file = reparse(before, next))));
  // Back again, so that the file stays what it is.
  times.push(milliseconds(() => (file = reparse(file, text))));
}
report("one key, reusing the rest", times.slice(WARM_UP));
