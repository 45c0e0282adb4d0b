import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CompletionItemKind, type TextEdit } from "vscode-languageserver-types";
import { completion, resolveCompletion } from "../../../server/features/completion.js";
import { Lines } from "../../../server/features/lines.js";
import { loadProgram } from "../../../server/language/program.js";
import { applied, documentOf, workspaceOf } from "../../support/cursor-document.js";
import { mutateOften, seededRandom } from "../../support/mutate.js";
import { sourceOf } from "../../support/squiggles.js";

const library = readFileSync("examples/variants/transforms.reprod", "utf8");
const examples: ReadonlyMap<string, string> = new Map([
  ["variants", readFileSync("examples/variants/variants.reprod", "utf8")],
  ["transforms", library],
  ["checked", readFileSync("test/fixtures/checked/pipeline.reprod", "utf8")],
  ["everything", readFileSync("test/fixtures/everything.reprod", "utf8")],
  [
    "astral and CRLF",
    '/// 🌻 Reads.\r\npipeline p\r\nlet a = "🌻 ${b} 🌻"\r\n\tlet b = [a2.name for a2 in t if a2.name != "🌻"] // 🌻\r\ntable t = csv("🌻.csv") { name: String }\r\n',
  ],
]);

function filesOf(name: string, text: string): ReadonlyMap<string, string> {
  const beside =
    name === "checked" ? readFileSync("test/fixtures/checked/transforms.reprod", "utf8") : library;
  return new Map([
    ["main.reprod", text],
    ["transforms.reprod", beside],
    ["samples.csv", ""],
  ]);
}

/** Mistakes that an offered word must not make. Types are another matter: a name may only begin what fits. */
const RULES = new Set(
  [
    "syntax",
    "unknown-name",
    "unknown-member",
    "unknown-argument",
    "unknown-entry",
    "unknown-type",
    "unknown-function",
    "import-name",
    "misplaced",
    "duplicate-name",
    "cycle",
    "transform-parts",
  ].map((code) => `reprod/${code}`),
);

/** Kinds that are whole by themselves; functions and keywords want something behind them. */
const WHOLE: ReadonlySet<CompletionItemKind> = new Set<CompletionItemKind>([
  CompletionItemKind.Constant,
  CompletionItemKind.Variable,
  CompletionItemKind.File,
  CompletionItemKind.Struct,
  CompletionItemKind.Value,
  CompletionItemKind.Field,
  CompletionItemKind.Property,
  CompletionItemKind.Class,
  CompletionItemKind.EnumMember,
  CompletionItemKind.Unit,
  CompletionItemKind.TypeParameter,
]);

for (const name of ["variants", "transforms", "checked"]) {
  test(`what is offered instead of a word of ${name} is no mistake there`, () => {
    const text = examples.get(name) ?? "";
    const files = filesOf(name, text);
    const document = documentOf(files);
    const workspace = workspaceOf(files);
    // What is asked for members has to have the one that follows: that is a matter of types as well.
    const words = [...text.matchAll(/\b[A-Za-z_]\w*\b(?![.?[])/g)];
    let tried = 0;
    for (const word of words) {
      const items = completion(
        document,
        document.lines.position(word.index),
        { workspace },
        { snippets: false },
      ).filter(({ kind, label }) => kind !== undefined && WHOLE.has(kind) && !label.endsWith(":"));
      tried++;
      for (const chosen of items) {
        const edits = [chosen.textEdit as TextEdit, ...(chosen.additionalTextEdits ?? [])];
        const after = applied(text, edits);
        const { problems } = loadProgram(
          "/main.reprod",
          sourceOf(new Map([...files, ["main.reprod", after]])),
          document.program,
        );
        const { line } = document.lines.position(word.index);
        const shift = (chosen.additionalTextEdits ?? []).reduce((sum, edit) => sum + edit.newText.length, 0);
        const added = new Lines(after).line(word.index + shift) - line;
        const at = word.index + shift;
        const inside = (offset: number): boolean => at <= offset && offset <= at + chosen.label.length;
        const wrong = problems.filter(
          ({ path, rule, span }) =>
            path === "/main.reprod" &&
            RULES.has(rule.code) &&
            // What has other members makes mistakes of those who use it further on.
            (rule.code !== "reprod/unknown-member" || inside(span.start)) &&
            // Another transform has other arguments.
            !(chosen.kind === CompletionItemKind.Class && rule.code === "reprod/unknown-argument") &&
            new Lines(after).line(span.start) === line + added,
        );
        assert.deepEqual(
          wrong.map(({ rule, message }) => `${rule.code}: ${message}`),
          [],
          `line ${line + 1}, "${word[0]}" → "${chosen.label}"`,
        );
      }
    }
    assert.ok(tried > 60, `${tried} words were tried`);
  });
}

for (const [name, example] of examples) {
  test(`no damage of ${name} makes completion throw or edit elsewhere`, () => {
    const random = seededRandom(11);
    for (let round = 0; round < 150; round++) {
      const text = mutateOften(example, 1 + Math.floor(random() * 4), random);
      const files = filesOf(name, text);
      const document = documentOf(files);
      const workspace = workspaceOf(files);
      for (let place = 0; place < 8; place++) {
        const { line, character } = document.lines.position(Math.floor(random() * (text.length + 1)));
        // Between the two characters of a line's end there is no place.
        const end = document.lines.position(document.lines.end(line)).character;
        const position = { line, character: Math.min(character, end) };
        const items = completion(
          document,
          position,
          { workspace, headerOf: () => ["name", '🌻 "x" ${y}', ""] },
          { snippets: place % 2 === 0, insertReplace: place % 3 === 0 },
        );
        for (const item of items) {
          const edit = item.textEdit;
          assert.ok(edit !== undefined);
          const range = "range" in edit ? edit.range : edit.replace;
          assert.equal(range.start.line, position.line);
          assert.equal(range.end.line, position.line);
          assert.ok(range.start.character <= position.character && position.character <= range.end.character);
          if ("insert" in edit) assert.deepEqual(edit.insert.end, position);
        }
        const [first] = items;
        if (first !== undefined) resolveCompletion(first, workspace);
      }
    }
  });
}
