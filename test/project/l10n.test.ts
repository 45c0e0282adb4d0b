import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";

/**
 * Texts of the interface are English in the source and translated by VS Code; `l10n/bundle.l10n.json` is what
 * translators start from. Renew it with REPROD_UPDATE=1 npm test -- test/project/l10n.test.ts
 */
const bundle = "l10n/bundle.l10n.json";

interface Call {
  readonly file: string;
  /** What stands after the bracket, as far as it is a literal. */
  readonly text: string | undefined;
  readonly code: string;
}

/** Every call of `t(…)` or `l10n.t(…)` where that is the function that translates. */
const calls: readonly Call[] = ["client", "server"]
  .flatMap((folder) =>
    fs.readdirSync(folder, { recursive: true }).map((file) => path.join(folder, String(file))),
  )
  .filter((file) => file.endsWith(".ts"))
  .sort()
  .flatMap((file) => {
    const source = fs.readFileSync(file, "utf8");
    if (!/\bl10n\b|\bTranslate\b|\/words\.js"/.test(source)) return [];
    const pattern = /(?<![\w$]|\bfunction )t\(\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')?/g;
    return [...source.matchAll(pattern)].map(([code, literal]) => ({
      file,
      text: literal === undefined ? undefined : unquoted(literal),
      code,
    }));
  });

function unquoted(literal: string): string {
  if (literal.startsWith('"')) return String(JSON.parse(literal));
  return String(JSON.parse(`"${literal.slice(1, -1).replaceAll('"', '\\"').replaceAll("\\'", "'")}"`));
}

test("every text is a literal, so that translators get it", () => {
  assert.ok(calls.length > 100, "the calls were found");
  // `t(state)`: the words of states are literals in client/state-text.ts.
  const wrong = calls.filter(
    ({ text, file }) => text === undefined && file !== "server/features/state-texts.ts",
  );
  assert.deepEqual(
    wrong.map(({ file }) => file),
    [],
  );
});

test("placeholders are numbered from 0 without gaps", () => {
  const wrong = calls.filter(({ text = "" }) => {
    const numbers = new Set([...text.matchAll(/\{(\d+)\}/g)].map(([, number]) => Number(number)));
    return [...numbers].some((number) => number >= numbers.size);
  });
  assert.deepEqual(
    wrong.map(({ file, text }) => [file, text]),
    [],
  );
});

test("the bundle for translators has every text and no other", () => {
  const texts = [...new Set(calls.flatMap(({ text }) => (text === undefined ? [] : [text])))].sort();
  if (process.env.REPROD_UPDATE === "1") {
    const whole = Object.fromEntries(texts.map((text) => [text, text]));
    fs.mkdirSync(path.dirname(bundle), { recursive: true });
    fs.writeFileSync(bundle, `${JSON.stringify(whole, null, 2)}\n`);
  }
  const known = Object.keys(Object(JSON.parse(fs.readFileSync(bundle, "utf8"))));
  const lacking = texts.filter((text) => !known.includes(text));
  const idle = known.filter((text) => !texts.includes(text));
  assert.deepEqual({ lacking, idle }, { lacking: [], idle: [] }, "renew it with REPROD_UPDATE=1");
});
