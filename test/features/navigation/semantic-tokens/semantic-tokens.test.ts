import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  semanticTokens,
  semanticTokensInRange,
  semanticTokensLegend,
} from "../../../../server/features/semantic-tokens.js";
import { goldenTests } from "../../../support/golden.js";
import { drawNotes, exampleWorlds, inEveryForm, type Note, World } from "../../../support/marks.js";
import { mutate, seededRandom } from "../../../support/mutate.js";

const { tokenTypes, tokenModifiers } = semanticTokensLegend;

function decoded(data: readonly number[]): readonly Note[] {
  assert.equal(data.length % 5, 0);
  const notes: Note[] = [];
  let line = 0;
  let character = 0;
  for (let at = 0; at < data.length; at += 5) {
    const [lines = 0, characters = 0, length = 0, type = 0, modifiers = 0] = data.slice(at, at + 5);
    assert.ok(lines > 0 || (lines === 0 && (characters > 0 || at === 0)), "tokens are in order");
    line += lines;
    character = lines === 0 ? character + characters : characters;
    const range = { start: { line, character }, end: { line, character: character + length } };
    const said = tokenModifiers.filter((_, bit) => (modifiers & (1 << bit)) !== 0);
    notes.push({ file: "main.reprod", range, text: [tokenTypes[type], ...said].join(".") });
  }
  return notes;
}

goldenTests("test/features/navigation/semantic-tokens", (fixture) =>
  inEveryForm(fixture, (world) => drawNotes(world, decoded(semanticTokens(world.document())))),
);

const worlds = exampleWorlds((file) => readFileSync(file, "utf8"));

/** The same files without anything that was kept of them. */
function anew(world: World): World {
  return new World(new Map(world.names().map((name) => [name, world.text(name)])), world.encoding);
}

test("tokens that were kept over random edits are those of the text read anew", () => {
  const random = seededRandom(81);
  for (const [index, files] of worlds.entries()) {
    for (let session = 0; session < 12; session++) {
      const world = new World(files, (session + index) % 2 === 0 ? "utf-16" : "utf-8");
      const names = world.names();
      for (let edit = 0; edit < 12; edit++) {
        for (const name of names)
          assert.deepEqual(
            semanticTokens(world.document(name)),
            semanticTokens(anew(world).document(name)),
            `session ${session}, edit ${edit}\n${world.text(name)}`,
          );
        const name = names[Math.floor(random() * names.length)] ?? "";
        const before = world.text(name);
        const now = random() < 0.4 ? swapped(before, random) : mutate(before, random);
        world.write(name, now);
        // Half of the damage is taken back, so that names come and go in text that is otherwise whole.
        if (random() < 0.5) world.write(name, before);
      }
    }
  }
});

/** One word for another: names that stand for something else then, or for nothing. */
function swapped(text: string, random: () => number): string {
  const words = [...text.matchAll(/[A-Za-z_]\w*/g)];
  const one = words[Math.floor(random() * words.length)];
  const other = words[Math.floor(random() * words.length)];
  if (one === undefined || other === undefined) return text;
  return text.slice(0, one.index) + other[0] + text.slice(one.index + one[0].length);
}

test("a range has the tokens of its lines", () => {
  const random = seededRandom(82);
  for (const files of worlds)
    for (const name of files.keys()) {
      const document = new World(files).document(name);
      const all = decoded(semanticTokens(document));
      for (let round = 0; round < 20; round++) {
        const from = Math.floor(random() * document.lines.count);
        const to = from + Math.floor(random() * 20);
        const start = { line: from, character: 0 };
        const found = decoded(semanticTokensInRange(document, { start, end: { line: to, character: 1000 } }));
        const expected = all.filter(({ range }) => range.start.line >= from && range.start.line <= to);
        assert.deepEqual(found, expected);
      }
    }
});

test("2,000 lines take a few milliseconds when they are known", () => {
  const text = Array.from({ length: 250 }, (_, at) =>
    `/// The ${at}th.
for s${at} in [{}] {
  let label${at} = "\${s${at}.name}-\${depth}"
  node a${at}[s${at}.name] = Align { sample: label${at}, depth, reads: [file("\${s${at}.name}.fq")] }
}
if depth > ${at} {
  node b${at} = Align { sample: "x", depth: depth + 1, reads: a${at}[*].reads }
}`.replaceAll("[{}]", "samples"),
  ).join("\n");
  const head = `param depth: Int = 1
table samples = csv("s.csv") { name: String }
transform Align { param sample: String
 param depth: Int
 in reads: [File]
 out bam: File = "x" }
`;
  const world = new World(new Map([["main.reprod", head + text]]));
  assert.ok(world.document().lines.count > 2000);
  semanticTokens(world.document());
  const times: number[] = [];
  for (let round = 0; round < 20; round++) {
    world.write("main.reprod", `${head.replace("= 1", `= ${round}`)}${text}`);
    const document = world.document();
    const start = performance.now();
    assert.ok(semanticTokens(document).length > 25_000);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  // Ours is a busy machine: what is asked for is 5 ms.
  assert.ok((times[10] ?? 0) < 25, `${times[10]} ms`);
  if (process.env.REPROD_TIMES === "1") console.log(`median ${times[10]?.toFixed(2)} ms`);
});
