import assert from "node:assert/strict";
import { test } from "node:test";
import type { Diagnostic } from "vscode-languageserver-types";
import type { PlacedProblem } from "../../../server/language/problems.js";
import { ProblemBoard } from "../../../server/lsp/problem-board.js";
import { program } from "../../support/graph.js";

/** A real problem, said to be in another file. */
function problem(path: string, message: string): PlacedProblem {
  const [found] = program("node").problems;
  assert.ok(found);
  return { ...found, path, message };
}

const messages = (problems: readonly PlacedProblem[]): readonly string[] =>
  problems.map(({ message }) => message);

test("what several pipelines say of a file they share is told once; what one alone says goes with it", () => {
  const board = new ProblemBoard<string>();
  const shared = problem("/lib", "shared");
  assert.deepEqual(board.set("a", [shared, problem("/a", "own")], ["/a", "/lib"]), ["/a", "/lib"]);
  board.set("b", [shared, problem("/lib", "only b")], ["/b", "/lib"]);
  assert.deepEqual(messages(board.of("/lib")), ["shared", "only b"]);
  assert.deepEqual(board.remove("b"), ["/b", "/lib"]);
  assert.deepEqual(messages(board.of("/lib")), ["shared"]);
  assert.deepEqual(board.remove("b"), []);
});

test("files that a pipeline does not speak of any more are told too", () => {
  const board = new ProblemBoard<string>();
  board.set("a", [problem("/lib", "wrong")], ["/a", "/lib"]);
  assert.deepEqual(board.set("a", [], ["/a"]), ["/a", "/lib"]);
  assert.deepEqual(board.of("/lib"), []);
});

test("only what differs from what was told last is news; of a file without problems nothing is kept", () => {
  const board = new ProblemBoard<string>();
  const some: readonly Diagnostic[] = [
    { message: "wrong", range: { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } } },
  ];
  assert.equal(board.isNews("/a", undefined, []), false, "nobody has to be told that nothing is wrong");
  assert.equal(board.isNews("/a", 1, []), true, "of a text that is open it is an answer");
  assert.equal(board.isNews("/a", 1, some), true);
  assert.equal(board.isNews("/a", 1, some), false);
  assert.equal(board.isNews("/a", 2, some), true, "of another version");
  assert.equal(board.isNews("/a", undefined, []), true, "it was closed");
  assert.equal(board.isNews("/a", undefined, []), false);
  board.isNews("/a", undefined, some);
  board.forgetTold("/a");
  assert.equal(board.isNews("/a", undefined, some), true);
});
