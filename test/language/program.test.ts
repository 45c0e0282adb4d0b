import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Failure } from "../../server/base/failure.js";
import type { PlacedProblem } from "../../server/language/problems.js";
import { checkOf, loadProgram, type Program } from "../../server/language/program.js";
import { mutate, seededRandom } from "../support/mutate.js";
import { sourceOf } from "../support/squiggles.js";

const pipeline = readFileSync("test/fixtures/checked/pipeline.reprod", "utf8");
const transforms = readFileSync("test/fixtures/checked/transforms.reprod", "utf8");

function load(main: string, library: string, previous?: Program): Program {
  return loadProgram(
    "/main.reprod",
    sourceOf(
      new Map([
        ["main.reprod", main],
        ["transforms.reprod", library],
      ]),
    ),
    previous,
  );
}

function shown(problems: readonly PlacedProblem[]): string {
  return problems
    .map(({ path, span, rule, message, suggestion, related }) =>
      JSON.stringify([path, span.start, span.end, rule.code, message, suggestion, related]),
    )
    .join("\n");
}

test("the pipeline of the documentation has no problems", () => {
  assert.equal(shown(load(pipeline, transforms).problems), "");
});

test("1,600 random edits give the same problems as checking everything again", () => {
  const random = seededRandom(7);
  for (let session = 0; session < 80; session++) {
    let main = pipeline;
    let library = transforms;
    let program = load(main, library);
    for (let edit = 0; edit < 20; edit++) {
      if (random() < 0.7) main = mutate(main, random);
      else library = mutate(library, random);
      program = load(main, library, program);
      const full = load(main, library);
      if (shown(program.problems) !== shown(full.problems))
        assert.equal(
          shown(program.problems),
          shown(full.problems),
          `session ${session}, edit ${edit}\n${main}\n----\n${library}`,
        );
    }
  }
});

test("renaming and retyping what others use reaches them", () => {
  let program = load(pipeline, transforms);
  for (const [from, to, code] of [
    ["param depth: Int", "param depth: String", "reprod/wrong-type"],
    ["param depth: Int", "param depht: Int", "reprod/unknown-name"],
    ["name: String, lane: Int", "name: String, line: Int", "reprod/unknown-member"],
    ["node aligned[s.name, s.lane]", "node aligned[s.name]", "reprod/family-keys"],
    ["let names = unique(samples.name)", "let names = 3", "reprod/wrong-type"],
  ] as const) {
    assert.ok(pipeline.includes(from), from);
    program = load(pipeline.replace(from, to), transforms, program);
    assert.ok(
      program.problems.some(({ rule }) => rule.code === code),
      `${to}: ${shown(program.problems)}`,
    );
    program = load(pipeline, transforms, program);
    assert.equal(shown(program.problems), "");
  }
});

test("a new name mends what is said of a name that nothing declares", () => {
  const before = load("let far = 1\ncheck dept > 2\n", transforms);
  assert.equal(before.problems[0]?.suggestion, undefined);
  const after = load("let depth = 1\nlet far = 1\ncheck dept > 2\n", transforms, before);
  assert.equal(after.problems[0]?.suggestion, "depth");
});

test("an edit of an imported signature reaches the file that imports it", () => {
  const first = load(pipeline, transforms);
  const changed = load(pipeline, transforms.replace("out bam: File", "out bum: File"), first);
  assert.deepEqual(
    changed.problems.filter(({ path }) => path === "/main.reprod").map(({ rule }) => rule.code),
    ["reprod/unknown-member"],
  );
});

test("declarations that an edit does not reach are not checked again", () => {
  const first = load(pipeline, transforms);
  const second = load(pipeline.replace("// set for a run", "// set for one run"), transforms, first);
  const [before, after] = [checkOf(first.root), checkOf(second.root)];
  assert.ok(before !== undefined && after !== undefined);
  let kept = 0;
  for (const declaration of second.root.file.declarations)
    if (before.usesOf(declaration) === after.usesOf(declaration)) kept++;
  assert.ok(kept >= second.root.file.declarations.length - 2, `${kept}`);
  // A file with the same text is the same file.
  assert.equal(second.modules.get("/transforms.reprod")?.file, first.modules.get("/transforms.reprod")?.file);
});

test("a chain of 20,000 names, and one that ends where it began, are no trouble", () => {
  const count = 20_000;
  const chain = Array.from({ length: count }, (_, at) => `let a${at} = a${at + 1} + 1`).join("\n");
  assert.equal(load(`${chain}\nlet a${count} = 1\n`, transforms).problems.length, 0);
  const [problem, ...others] = load(`${chain}\nlet a${count} = a0\n`, transforms).problems;
  assert.equal(problem?.rule.code, "reprod/cycle");
  assert.equal(others.length, 0);
});

test("a file that is not there, and one that is empty, are programs without declarations", () => {
  const source = sourceOf(new Map([["empty.reprod", ""]]));
  assert.equal(loadProgram("/gone.reprod", source).problems.length, 0);
  assert.equal(loadProgram("/empty.reprod", source).root.file.declarations.length, 0);
});

test("an imported file that cannot be read is a problem at its import, and the rest is checked", () => {
  const text = 'import { A } from "./lib.reprod"\nlet x = nothing\ncheck x == 1\nnode a = A {}\n';
  const source = sourceOf(new Map([["main.reprod", text]]));
  const { problems } = loadProgram("/main.reprod", {
    ...source,
    read: (file) => {
      if (file !== "/lib.reprod") return source.read(file);
      throw new Failure("file-unreadable", 'this file cannot be read: "/lib.reprod"', {
        why: "It is a folder.",
      });
    },
  });
  assert.deepEqual(
    problems.map(({ rule, message, span }) => [rule.code, message, text.slice(span.start, span.end)]),
    [
      ["reprod/import-file", 'this file cannot be read: "/lib.reprod". It is a folder.', '"./lib.reprod"'],
      ["reprod/unknown-name", 'nothing is named "nothing"', "nothing"],
    ],
  );
});

test("a node without a name yet, whose key is a family of its own block, ends", () => {
  const half =
    'import { Join } from "./transforms.reprod"\nfor i in [1] {\n  node s[i] = Join {}\n  node [s] = Join {}\n}\n';
  for (const text of [
    half,
    half.replace("node [s] = Join {}", "node[s"),
    'import{Join}from"./transforms.reprod\nfor\n node s[i]Join\n node[s',
  ])
    assert.ok(load(text, "transform Join {\n}\n").problems.length > 0);
});
