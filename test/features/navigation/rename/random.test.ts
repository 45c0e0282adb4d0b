import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import type { TextDocumentEdit } from "vscode-languageserver-types";
import { rename } from "../../../../server/features/rename.js";
import { evaluate } from "../../../../server/graph/evaluate.js";
import { Identifier, idsKnown } from "../../../../server/graph/recipe.js";
import type { Program } from "../../../../server/language/program.js";
import { symbolAt, symbolsAt } from "../../../../server/language/symbols.js";
import type { Span } from "../../../../server/language/syntax.js";
import { MemoryFacts } from "../../../support/facts.js";
import { applyWorkspaceEdit, checkedSpan, exampleWorlds, refusal, World } from "../../../support/marks.js";
import { seededRandom } from "../../../support/mutate.js";

const worlds = exampleWorlds((file) => readFileSync(file, "utf8"));

/** A name in a file, and the place by which it is found again after the rename: its declaration, or an alias. */
interface Named {
  readonly file: string;
  readonly offset: number;
  readonly kind: string;
  readonly written: string;
  readonly anchor: { readonly file: string; readonly start: number };
}

function namesIn(world: World): readonly Named[] {
  const names: Named[] = [];
  for (const file of world.names()) {
    if (!file.endsWith(".reprod")) continue;
    const document = world.document(file);
    for (const { index } of document.text.matchAll(/[A-Za-z_]\w*/g)) {
      const symbol = symbolAt(document.program, document.path, index + 1);
      const [home] = symbol?.definitions ?? [];
      if (symbol === undefined || home === undefined) continue;
      const { start, end } = symbol.place.span;
      const written = document.text.slice(start, end);
      const declared = world.text(home.path.slice(1)).slice(home.span.start, home.span.end);
      const anchor =
        declared === written ? { file: home.path.slice(1), start: home.span.start } : { file, start };
      names.push({ file, offset: index, kind: symbol.kind, written, anchor });
    }
  }
  return names;
}

/** Renames, and gives the new world and where the anchor then is; undefined when it was refused. */
function renamed(world: World, { file, offset, anchor }: Named, newName: string) {
  const document = world.document(file);
  const edit = refusal(() => rename(document, document.lines.position(offset), newName, world));
  if (typeof edit === "string") return edit;
  const changes = (edit.documentChanges ?? []).filter((one): one is TextDocumentEdit => "edits" in one);
  const changed = applyWorkspaceEdit(world, changes);
  const next = new World(
    new Map(world.names().map((name) => [name, changed.get(name) ?? world.text(name)])),
    world.encoding,
  );
  let start = anchor.start;
  for (const { textDocument, edits } of changes) {
    if (world.file(textDocument.uri) !== anchor.file) continue;
    const lines = world.lines(`/${anchor.file}`);
    for (const one of edits) {
      const span: Span = checkedSpan(lines, one.range);
      if ("newText" in one && span.start < anchor.start)
        start += one.newText.length - (span.end - span.start);
    }
  }
  return { world: next, start, edit };
}

/** What every name of every file stands for, by the lines of both: a rename changes neither. */
function meanings(world: World): readonly string[] {
  const found = new Set<string>();
  for (const file of world.names()) {
    const { text, program, path: place, lines } = world.document(file);
    for (const { index } of text.matchAll(/[A-Za-z_]\w*/g))
      for (const { kind, definitions } of symbolsAt(program, place, index + 1))
        for (const home of definitions)
          found.add(
            `${file}:${lines.line(index)} ${kind} ${home.path}:${world.lines(home.path).line(home.span.start)}`,
          );
  }
  return [...found].sort();
}

function codes(program: Program): readonly string[] {
  return program.problems.map(({ path: file, rule }) => `${file} ${rule.code}`).sort();
}

test("random renames make no problem, and renaming back gives the text of before, byte for byte", () => {
  const random = seededRandom(91);
  let done = 0;
  for (const [index, files] of worlds.entries()) {
    const crlf = index % 2 === 1;
    const texts = new Map(
      [...files].map(([name, text]) => [name, crlf ? text.replaceAll("\n", "\r\n") : text]),
    );
    const world = new World(texts, crlf ? "utf-8" : "utf-16");
    const names = namesIn(world);
    const meant = meanings(world);
    assert.ok(names.length > 20);
    for (let round = 0; round < 40; round++) {
      const name = names[Math.floor(random() * names.length)];
      assert.ok(name !== undefined);
      const newName = `other_${round}`;
      const there = renamed(world, name, newName);
      if (typeof there === "string") {
        assert.match(there, /leads nowhere/, `${JSON.stringify(name)} ${there}`);
        continue;
      }
      done++;
      for (const file of world.names())
        assert.deepEqual(codes(there.world.document(file).program), codes(world.document(file).program));
      assert.deepEqual(meanings(there.world), meant, JSON.stringify(name));
      const back = renamed(
        there.world,
        {
          ...name,
          file: name.anchor.file,
          offset: there.start,
          anchor: { file: name.anchor.file, start: there.start },
        },
        name.written,
      );
      assert.ok(typeof back !== "string", `${JSON.stringify(name)} ${back}`);
      for (const file of world.names())
        assert.equal(back.world.text(file), world.text(file), JSON.stringify(name));
    }
  }
  assert.ok(done > 130, `${done} renames`);
});

/** Words that are keywords in some places only, and names that look like something else. */
const WORDS =
  "param input table check transform target publish import pipeline from as to run out image tools env yes x2 len GiB h bash".split(
    " ",
  );

test("random names for random things keep what every name means, or are refused", () => {
  const random = seededRandom(92);
  let refusals = 0;
  for (const files of worlds) {
    const world = new World(files);
    const names = namesIn(world);
    const meant = meanings(world);
    for (let round = 0; round < 40; round++) {
      const name = names[Math.floor(random() * names.length)];
      const other = names[Math.floor(random() * names.length)];
      assert.ok(name !== undefined && other !== undefined);
      const newName = random() < 0.7 ? other.written : (WORDS[Math.floor(random() * WORDS.length)] ?? "");
      if (name.written === newName) continue;
      const there = renamed(world, name, newName);
      if (typeof there === "string") {
        refusals++;
        continue;
      }
      for (const file of world.names()) {
        const before = world.document(file).program;
        const after: Program = there.world.document(file).program;
        assert.deepEqual(codes(after), codes(before), `${JSON.stringify(name)} to ${newName}`);
      }
      assert.deepEqual(meanings(there.world), meant, `${JSON.stringify(name)} to ${newName}`);
    }
  }
  assert.ok(refusals > 35, `${refusals} refused`);
});

for (const [folder, main] of [
  ["examples/variants", "variants.reprod"],
  ["examples/weather", "weather.reprod"],
] as const)
  test(`renames in ${folder} keep the recipes, but for what scripts see`, () => {
    const texts = new Map(
      readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => [entry.name, readFileSync(path.join(folder, entry.name), "utf8")]),
    );
    const data = Object.fromEntries([...texts].map(([name, text]) => [`/${name}`, text]));
    const tools = Object.fromEntries(
      "awk bcftools bwa comm node samtools sed sort wgsim bash sh"
        .split(" ")
        .map((tool) => [tool, `${tool} 1`]),
    );
    const facts = new MemoryFacts({ files: data, tools });
    const recipes = (world: World): readonly string[] => {
      const { graph, problems } = evaluate(world.document(main).program, { values: new Map() }, facts);
      assert.deepEqual(problems, []);
      const identifier = new Identifier(graph, facts, { useImages: false, platform: "linux/amd64" });
      return graph.nodes.map((node) => {
        const ids = identifier.ids(node);
        return idsKnown(ids) ? ids.recipe : assert.fail(`unknown: ${JSON.stringify(ids)}`);
      });
    };
    const world = new World(new Map([...texts].filter(([name]) => name.endsWith(".reprod"))));
    const before = recipes(world);
    assert.ok(before.length > 5);
    const random = seededRandom(93);
    const names = namesIn(world).filter(() => random() < 0.25);
    for (const name of names) {
      const there = renamed(world, name, "other_name");
      assert.ok(typeof there !== "string", `${JSON.stringify(name)} ${there}`);
      const after: readonly string[] = recipes(there.world);
      assert.equal(after.length, before.length);
      const isSeen = name.kind === "in" || name.kind === "out" || isParamOfTransform(world, name);
      if (!isSeen) assert.deepEqual(after, before, JSON.stringify(name));
    }
  });

/** Whether the name is that of a transform's param, which counts for its recipe. */
function isParamOfTransform(world: World, { kind, anchor }: Named): boolean {
  if (kind !== "param") return false;
  const { declarations } = world.document(anchor.file).module.file;
  const home = declarations.findLast(({ offset }) => offset <= anchor.start);
  return home?.statement.kind === "transform";
}
