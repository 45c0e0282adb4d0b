import assert from "node:assert/strict";
import * as fs from "node:fs";
import { test } from "node:test";
import colors from "picocolors";
import { Failure } from "../../server/base/failure.js";
import {
  defectFailure,
  exitCodeOf,
  failuresOfUse,
  renderFailure,
  renderProblem,
} from "../../server/cli/report.js";
import type { Output } from "../../server/cli/terminal.js";
import type { PlacedProblem } from "../../server/language/problems.js";

const output: Output = {
  write: () => {},
  colours: colors.createColors(false),
  interactive: false,
  columns: 60,
};

/** The problem with what stands between `«` and `»`, and the text without the marks. */
function marked(text: string, more: Partial<PlacedProblem> = {}): string {
  const start = text.indexOf("«");
  const end = text.indexOf("»") - 1;
  const plain = text.replace("«", "").replace("»", "");
  const problem: PlacedProblem = {
    path: "/nowhere/x.reprod",
    span: { start, end },
    rule: { code: "reprod/test", severity: "error", what: "w", why: "It would fail.", fix: "Change it." },
    message: 'this is wrong: "it"',
    related: [],
    suggestion: undefined,
    ...more,
  };
  return renderProblem(problem, () => plain, output);
}

test("a problem is a frame with its line, a squiggle, why, fix and where to read more", () => {
  assert.equal(
    marked('param a: Int = 1\nparam b: Int = «"x"» // text\n', { suggestion: "1" }),
    `error[reprod/test]: this is wrong: "it"
  --> /nowhere/x.reprod:2:16
  |
2 | param b: Int = "x" // text
  |                ^^^
  = why: It would fail.
  = fix: Change it. Perhaps: \`1\`.
  = see: docs/errors.md#test
`,
  );
});

test("a suggestion is said once: in the message, or else behind the fix", () => {
  const message = 'nothing is named "dept", did you mean "depth"?';
  assert.match(marked("let a = «dept»\n", { message, suggestion: "depth" }), /= fix: Change it\.\n/);
  assert.match(marked("run «fish»\n", { suggestion: '"fish"' }), /= fix: Change it\. Perhaps: `"fish"`\.\n/);
});

test("the squiggle stands below its word behind tabs and wide characters", () => {
  const lines = marked("\t\tlet 日本 = «oops»\r\n").split("\n");
  assert.equal(lines[3], "1 |         let 日本 = oops");
  assert.equal(lines[4], `  | ${" ".repeat(8 + 4 + 4 + 3)}^^^^`);
});

test("an empty span, the end of the file and a span of several lines get a squiggle of their line", () => {
  assert.match(marked("node a = «»"), /1 \| node a = \n {2}\| {10}\^\n/);
  assert.match(marked("node «a = {\n  b\n}»"), /1 \| node a = \{\n {2}\| {6}\^\^\^\^\^\n/);
});

test("a line wider than the terminal is cut, and nothing of it moves the cursor", () => {
  const frame = marked(`let x = «"${"\u001b[2J".repeat(50)}"»`);
  for (const line of frame.split("\n").slice(2, 5)) assert.ok(line.length <= 60, line);
  assert.doesNotMatch(frame, /\u001b/);
});

test("a failure says what, where, why and what to do", () => {
  const failure = new Failure("disk-full", 'no space is left: "/x"', { why: "W.", fix: "F.", place: "/x:1" });
  assert.equal(
    renderFailure(failure, output),
    'error[disk-full]: no space is left: "/x"\n  --> /x:1\n  = why: W.\n  = fix: F.\n  = see: docs/failures.md#disk-full\n',
  );
  assert.equal(exitCodeOf(failure), 1);
  assert.equal(exitCodeOf(new Failure("unknown-target", "")), 2);
});

test("only what a person wrote ends with 2; what stood in the way ends with 1, whatever was done until then", () => {
  const codeOf = (code: string): number => exitCodeOf(new Failure(code, ""));
  for (const code of [
    "access-denied",
    "aws-refused",
    "aws-still-busy",
    "aws-throttled",
    "bucket-name-taken",
    "credentials-expired",
    "credentials-missing",
    "disk-full",
    "in-use",
    "needed-by",
    "plan-changed",
    "quota-reached",
    "setup-busy",
    "store-busy",
    "url-unreachable",
    "a-code-that-is-new",
  ])
    assert.equal(codeOf(code), 1, code);
  for (const code of ["project-invalid", "unknown-group", "needs-consent", "profile-unknown", "wrong-use"])
    assert.equal(codeOf(code), 2, code);
  const explained = fs.readFileSync("docs/failures.md", "utf8");
  for (const code of failuresOfUse) assert.ok(explained.includes(`\n### ${code}\n`), code);
});

test("an interrupt ends with the code of its signal", () => {
  const failure = new Failure("interrupted", "");
  for (const code of [129, 130, 143]) assert.equal(exitCodeOf(failure, AbortSignal.abort(code)), code);
  assert.equal(exitCodeOf(failure), 130);
});

test("what nobody foresaw is told as a defect of ours, with its stack in a file and not on the screen", (t) => {
  const failure = defectFailure(new Error("boom\nmore", { cause: new TypeError("deeper") }));
  assert.equal(exitCodeOf(failure), 70);
  const shown = renderFailure(failure, output);
  assert.match(shown, /^error\[defect\]: Reprod itself failed: "boom"\n/);
  assert.doesNotMatch(shown, /^\s+at /m);
  const file = /The details are in "([^"]+)"/.exec(shown)?.[1] ?? "";
  t.after(() => fs.rmSync(file, { force: true }));
  const details = fs.readFileSync(file, "utf8");
  assert.match(details, /node v\d+/);
  assert.match(details, /Error: boom\nmore\n +at .*report\.test/s);
  assert.match(details, /caused by: TypeError: deeper/);
});
