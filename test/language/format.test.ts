import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { format, layOut, meaning } from "../../server/language/format.js";
import { Scanner } from "../../server/language/lexer.js";
import { parse } from "../../server/language/parser.js";
import { goldenTests } from "../support/golden.js";
import { mutateOften, seededRandom } from "../support/mutate.js";

const everything = readFileSync("test/fixtures/everything.reprod", "utf8");

goldenTests("test/fixtures/format", format);

/** The same tokens with other spaces, line breaks and comments between them. Not every result is valid. */
function shuffleLayout(text: string, random: () => number): string {
  const gaps = [
    "\n",
    "   ",
    "",
    ` // c${Math.floor(random() * 99)}\n`,
    "\n\n // own\n",
    "\n\n\n",
    " /// d\n",
  ];
  const scanner = new Scanner(text, 0, text.length);
  let result = "";
  let from = 0;
  for (scanner.next(); scanner.kind !== "end"; scanner.next()) {
    const added = random() < 0.12 ? (gaps[Math.floor(random() * gaps.length)] ?? "") : "";
    result += text.slice(from, scanner.start) + added + text.slice(scanner.start, scanner.end);
    from = scanner.end;
  }
  return result + text.slice(from);
}

function hasProblems(text: string): boolean {
  return parse(text).declarations.some(({ problems }) => problems.length > 0);
}

test("any layout of valid text is laid out with the same meaning, and once is enough", () => {
  const random = seededRandom(4_711);
  const declarations = parse(everything).declarations.map(({ offset, length }) =>
    everything.slice(offset, offset + length),
  );
  let valid = 0;
  for (let round = 0; round < 3_000; round++) {
    const text = shuffleLayout(declarations[round % declarations.length] ?? "", random);
    if (hasProblems(text)) continue;
    valid++;
    // `layOut` rather than `format`: the net below must have nothing to catch.
    const formatted = layOut(parse(text));
    assert.equal(meaning(parse(formatted)), meaning(parse(text)), `${text}\n-------- gives\n${formatted}`);
    assert.equal(layOut(parse(formatted)), formatted, text);
    assert.ok(!hasProblems(formatted), formatted);
    assert.doesNotMatch(formatted.replace(/```[\s\S]*?```/g, "script"), /[ \t]\n|\n\n\n/, formatted);
  }
  assert.ok(valid > 1_000, `only ${valid} valid texts`);
});

test("broken declarations are left as they are, and broken text is formatted once", () => {
  const random = seededRandom(815);
  for (let round = 0; round < 600; round++) {
    const text = mutateOften(everything, 1 + (round % 4), random);
    const formatted = format(text);
    assert.equal(meaning(parse(formatted)), meaning(parse(text)), text);
    assert.equal(format(formatted), formatted, text);
    for (const { offset, length, statement, problems } of parse(text).declarations) {
      const written = text.slice(offset + statement.span.start, offset + length).replaceAll("\r\n", "\n");
      if (problems.length > 0) assert.ok(formatted.replaceAll("\r\n", "\n").includes(written), written);
    }
  }
});

test("line ends stay CRLF where they were", () => {
  const formatted = format(everything.replaceAll("\n", "\r\n"));
  assert.equal(formatted, format(everything).replaceAll("\n", "\r\n"));
});

test("nothing gives nothing", () => {
  assert.equal(format(""), "");
  assert.equal(format("\n\n  \n"), "");
  assert.equal(format("  // only\n\n\n// comments"), "// only\n\n// comments\n");
});
