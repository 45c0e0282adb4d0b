import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "../../server/language/parser.js";
import { reparse } from "../../server/language/reuse.js";
import type { SourceFile } from "../../server/language/syntax.js";
import { mutate, seededRandom } from "../support/mutate.js";

const everything = readFileSync("test/fixtures/everything.reprod", "utf8");

/** What must be the same however a tree was made. `reach` may differ only where it does not matter, so it is in. */
function comparable(file: SourceFile): string {
  return JSON.stringify(file.declarations, (_key, value: unknown) =>
    typeof value === "object" && value !== null && "code" in value ? value.code : value,
  );
}

function assertSameAsParse(old: SourceFile, text: string, hint: string): SourceFile {
  const reused = reparse(old, text);
  const full = parse(text);
  if (comparable(reused) !== comparable(full)) {
    assert.deepEqual(
      reused.declarations,
      full.declarations,
      `${hint}\n--- old\n${old.text}\n--- new\n${text}`,
    );
  }
  return reused;
}

test("6,000 random edits give the same tree and problems as a full parse", () => {
  const random = seededRandom(20_260_101);
  for (let session = 0; session < 300; session++) {
    let file = parse(everything);
    // A session goes on from broken text, as a person who types does.
    for (let edit = 0; edit < 20; edit++) {
      file = assertSameAsParse(file, mutate(file.text, random), `session ${session}, edit ${edit}`);
    }
  }
});

test("typing a file from its first to its last character gives the same tree at each key", () => {
  const typed = everything.slice(0, 2_600);
  let file = parse("");
  for (let length = 1; length <= typed.length; length += 3) {
    file = assertSameAsParse(file, typed.slice(0, length), `length ${length}`);
  }
});

test("taking each line out and putting it back gives the same tree", () => {
  const lines = everything.split("\n");
  const whole = parse(everything);
  for (let at = 0; at < lines.length; at++) {
    const without = lines.filter((_, index) => index !== at).join("\n");
    const file = assertSameAsParse(whole, without, `without line ${at + 1}`);
    assertSameAsParse(file, everything, `with line ${at + 1} again`);
  }
});

test("an edit keeps the statements of all other declarations as the same objects", () => {
  const old = parse(everything);
  const at = everything.indexOf("depth: Int") + 2;
  const edited = reparse(old, `${everything.slice(0, at)}xyz${everything.slice(at)}`);
  assert.equal(edited.declarations.length, old.declarations.length);
  const changed = edited.declarations.filter(
    (declaration, index) => declaration.statement !== old.declarations[index]?.statement,
  );
  // The param itself, and the import before it, which looked at the param's first word to know its own end.
  assert.ok(changed.length <= 2, `${changed.length} declarations were read again`);
  assert.equal(edited.declarations.at(-1)?.offset, (old.declarations.at(-1)?.offset ?? 0) + 3);
});

test("two edits far apart keep the statements between them, wherever they moved to", () => {
  const old = parse(everything);
  const lines = everything.split("\n");
  const first = lines.findIndex((line) => line.startsWith("param "));
  const last = lines.findLastIndex((line) => line.startsWith("target "));
  assert.ok(first >= 0 && last > first);
  const text = lines
    .map((line, at) => (at === first ? `let added = 1\n${line}` : at === last ? `${line} // more` : line))
    .join("\n");
  const edited = assertSameAsParse(old, text, "two edits");
  const kept = new Set(old.declarations.map(({ statement }) => statement));
  const read = edited.declarations.filter(({ statement }) => !kept.has(statement));
  // The new one, those at the two edits, and the ones before them, which looked at their first words.
  assert.ok(read.length <= 4, `${read.length} declarations were read again`);
});

test("3,000 pairs of random edits give the same tree as a full parse", () => {
  const random = seededRandom(20_260_102);
  for (let session = 0; session < 300; session++) {
    let file = parse(everything);
    for (let edit = 0; edit < 10; edit++) {
      const text = mutate(mutate(file.text, random), random);
      file = assertSameAsParse(file, text, `session ${session}, pair ${edit}`);
    }
  }
});

test("the same text gives the same file", () => {
  const old = parse(everything);
  assert.equal(reparse(old, `${everything}`), old);
});

test("an edit of the same length keeps every later declaration whole", () => {
  const old = parse(everything);
  const edited = reparse(old, everything.replace("depth: Int = 30", "depth: Int = 31"));
  assert.equal(edited.declarations.at(-1), old.declarations.at(-1));
});

test("closing a fence that was open gives back the declarations behind it", () => {
  const open = everything.replace("    fi\n  ```\n}", "    fi\n}");
  const file = assertSameAsParse(parse(open), everything, "fence closed");
  assertSameAsParse(file, open, "fence opened");
});
