import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { formatDocument, formatOnType, formatRange } from "../../../../server/features/formatting.js";
import { format, meaning } from "../../../../server/language/format.js";
import { parse } from "../../../../server/language/parser.js";
import { goldenTests } from "../../../support/golden.js";
import {
  applyEdits,
  drawChange,
  drawNotes,
  exampleWorlds,
  inEveryForm,
  World,
} from "../../../support/marks.js";
import { mutateOften, seededRandom } from "../../../support/mutate.js";

const folder = "test/features/navigation/formatting";

/** The edits, each drawn where it changes the text, with what it puts there. */
describe("the whole document", () =>
  goldenTests(`${folder}/document`, (fixture) =>
    inEveryForm(fixture, (world) => {
      const document = world.document();
      const edits = formatDocument(document);
      assert.equal(applyEdits(document.text, document.lines, edits), format(document.text));
      return drawNotes(
        world,
        edits.map(({ range, newText }) => ({
          file: "main.reprod",
          range,
          text: JSON.stringify(newText.replaceAll("\r", "")),
        })),
      );
    }),
  ));

describe("a range", () =>
  goldenTests(`${folder}/range`, (fixture) =>
    inEveryForm(fixture, (world, { ranges }) => {
      const [range] = ranges;
      assert.ok(range !== undefined);
      const document = world.document();
      const edits = formatRange(document, world.range(range));
      return drawChange(document.text, applyEdits(document.text, document.lines, edits));
    }),
  ));

/** A cursor behind what was just typed: a closing brace, else a line break. */
describe("while typing", () =>
  goldenTests(`${folder}/typing`, (fixture) =>
    inEveryForm(fixture, (world, { cursors }) => {
      const [cursor] = cursors;
      assert.ok(cursor !== undefined);
      const document = world.document();
      const typed = document.text[cursor.span.start - 1] === "}" ? "}" : "\n";
      const position = world.position(cursor);
      const edits = formatOnType(document, position, typed);
      for (const { range } of edits) assert.equal(range.start.line, position.line);
      return drawChange(document.text, applyEdits(document.text, document.lines, edits)) || "nothing";
    }),
  ));

const worlds = exampleWorlds((file) => readFileSync(file, "utf8"));
const texts = worlds.flatMap((files) => [...files.values()]);

test("edits of random texts are what the formatter makes of them, and touch nothing but space and commas", () => {
  const random = seededRandom(71);
  for (let round = 0; round < 400; round++) {
    const example = texts[round % texts.length] ?? "";
    const lineEnds = round % 3 === 0 ? example.replaceAll("\n", "\r\n") : example;
    const text = mutateOften(lineEnds, 1 + (round % 3), random);
    const world = new World(new Map([["a.reprod", text]]), round % 2 === 0 ? "utf-16" : "utf-8");
    const document = world.document();
    const edits = formatDocument(document);
    const result = applyEdits(text, document.lines, edits);
    const plain = (one: string) => one.replaceAll("\r\n", "\n");
    assert.equal(plain(result), plain(format(text)), text);
    for (const { range, newText } of edits) {
      const { start, end } = document.lines.span(range);
      assert.match(text.slice(start, end) + newText, /^[\s,]*$/);
    }
  }
});

test("a range keeps the meaning of random texts, and what it does not touch", () => {
  const random = seededRandom(72);
  for (let round = 0; round < 400; round++) {
    const text = mutateOften(texts[round % texts.length] ?? "", 1 + (round % 3), random);
    const world = new World(new Map([["a.reprod", text]]));
    const document = world.document();
    const a = Math.floor(random() * text.length);
    const b = Math.min(text.length, a + Math.floor(random() * 300));
    const range = document.lines.range({ start: a, end: b });
    const result = applyEdits(text, document.lines, formatRange(document, range));
    assert.equal(meaning(parse(result)), meaning(parse(text)), text);
  }
});

test("the whole range of a well-formed file is laid out like the file, but for blank lines between declarations", () => {
  const random = seededRandom(73);
  for (const text of texts) {
    const spaced = text.replaceAll(/(?<=\n)(?=[a-z])/g, () => (random() < 0.3 ? "  " : ""));
    const document = new World(new Map([["a.reprod", spaced]])).document();
    const whole = document.lines.range({ start: 0, end: spaced.length });
    const result = applyEdits(spaced, document.lines, formatRange(document, whole));
    const words = (one: string) => one.replaceAll(/\n+/g, "\n").replaceAll(/ +\/\//g, " //");
    assert.equal(words(result), words(format(spaced)));
  }
});

test("typing a brace or a line break changes the indentation of that line at most, and nothing in scripts", () => {
  const random = seededRandom(74);
  for (let round = 0; round < 600; round++) {
    const text = mutateOften(texts[round % texts.length] ?? "", round % 3, random);
    const at = Math.floor(random() * (text.length + 1));
    const typed = random() < 0.5 ? "}" : "\n";
    const now = text.slice(0, at) + typed + text.slice(at);
    const document = new World(new Map([["a.reprod", now]])).document();
    const edits = formatOnType(document, document.lines.position(at + 1), typed);
    const result = applyEdits(now, document.lines, edits);
    const line = document.lines.line(at + 1);
    const shape = (one: string) =>
      one.split("\n").map((part, index) => (index === line ? part.trimStart() : part));
    assert.deepEqual(shape(result), shape(now));
    if (edits.length === 0) continue;
    for (const { offset, statement } of document.module.file.declarations)
      if (statement.kind === "transform")
        for (const item of statement.items)
          if (item.kind === "run") {
            const [start, end] = [offset + item.scriptSpan.start, offset + item.scriptSpan.end];
            assert.ok(at + 1 <= start || at + 1 >= end, `${start} ${at} ${end}\n${now}`);
          }
  }
});

test("laid out text gets no edits", () => {
  for (const text of texts.map(format)) {
    const document = new World(new Map([["a.reprod", text]])).document();
    assert.deepEqual(formatDocument(document), []);
    assert.deepEqual(formatRange(document, document.lines.range({ start: 0, end: text.length })), []);
  }
});
