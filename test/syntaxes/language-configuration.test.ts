import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const configuration: {
  readonly wordPattern: string;
  readonly folding: { readonly markers: { readonly start: string; readonly end: string } };
  readonly indentationRules: {
    readonly increaseIndentPattern: string;
    readonly decreaseIndentPattern: string;
  };
  readonly onEnterRules: readonly {
    readonly beforeText: string;
    readonly afterText?: string;
    readonly action: { readonly indent: string; readonly appendText?: string };
  }[];
} = JSON.parse(readFileSync("syntaxes/language-configuration.json", "utf8"));

test("a word is a name or a number", () => {
  const words = (text: string) => text.match(new RegExp(configuration.wordPattern, "g"));
  assert.deepEqual(words("aligned[s.name, *].bam"), ["aligned", "s", "name", "bam"]);
  assert.deepEqual(words("a-b 2.5 GiB x2 _c1 1e-3"), ["a", "b", "2.5", "GiB", "x2", "_c1", "1", "e", "3"]);
});

test("the line behind an open bracket is indented, a closing one is not", () => {
  const { increaseIndentPattern, decreaseIndentPattern } = configuration.indentationRules;
  const increases = (line: string) => new RegExp(increaseIndentPattern).test(line);
  for (const line of ["transform T {", "for a in b { // why", "let a = [", "  } else {", 'check f("{", ('])
    assert.ok(increases(line), line);
  for (const line of ["// like this {", "node a = T {}", 'let a = "{', "let a = 1 // {", "a: b,", ""])
    assert.ok(!increases(line), line);
  for (const line of ["}", "  ] // why", "} else {", ") {"])
    assert.ok(new RegExp(decreaseIndentPattern).test(line), line);
  const started = performance.now();
  increases(`${'{"'.repeat(20_000)}x`);
  assert.ok(performance.now() - started < 1_000, "in time that grows with the line");
});

test("a new line goes on with a comment and opens a script between its fences", () => {
  /** What VS Code does on Enter at `|`: the first rule that fits. */
  const enter = (line: string) => {
    const [before = "", after = ""] = line.split("|");
    const action = configuration.onEnterRules.find(
      ({ beforeText, afterText }) =>
        new RegExp(beforeText).test(before) && (afterText === undefined || new RegExp(afterText).test(after)),
    )?.action;
    return action === undefined ? undefined : (action.appendText ?? action.indent);
  };
  assert.equal(enter("  /// Aligns reads.|"), "/// ");
  assert.equal(enter("/// Aligns| reads."), "/// ");
  assert.equal(enter("/// |"), undefined, "an empty line ends the comment");
  assert.equal(enter("//// a rule|"), undefined);
  assert.equal(enter("in reads: [File] /// forward|"), undefined);
  assert.equal(enter("// one| two"), "// ");
  assert.equal(enter("// one|"), undefined);
  assert.equal(enter("  run bash ```|```"), "indentOutdent");
  assert.equal(enter('  run "perl -w" ````|'), "indent");
  assert.equal(enter("  ```|"), undefined);
});

test("regions fold", () => {
  const { start, end } = configuration.folding.markers;
  assert.match("  // #region inputs", new RegExp(start));
  assert.match("// region", new RegExp(start));
  assert.match("// #endregion", new RegExp(end));
  assert.doesNotMatch("// regional", new RegExp(start));
  assert.doesNotMatch("// #endregion", new RegExp(start));
});
