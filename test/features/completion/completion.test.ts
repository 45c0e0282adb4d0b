import assert from "node:assert/strict";
import * as path from "node:path";
import { test } from "node:test";
import type { CompletionItem } from "vscode-languageserver-types";
import { completion, resolveCompletion } from "../../../server/features/completion.js";
import { functions } from "../../../server/language/functions.js";
import { CURSOR, cursorDocument } from "../../support/cursor-document.js";
import { goldenTests } from "../../support/golden.js";

/** What the tables of the fixtures have as header. */
const headers: { readonly [file: string]: readonly string[] } = {
  "/samples.csv": ["name", "lane", "fastq 1", "fastq 2", "for"],
};

/** One line an item in the order of a client: label, detail, and what is inserted where it is not the label. */
function show(items: readonly CompletionItem[], text: string): string {
  const sorted = items.toSorted((a, b) => ((a.sortText ?? a.label) < (b.sortText ?? b.label) ? -1 : 1));
  const lines: string[] = [];
  // Functions that fit no better than any other would hide what matters.
  const others = sorted.filter((item) => functions.has(item.label) && item.sortText?.startsWith("4"));
  const left = others.length > 3 ? others.length : 0;
  for (const item of sorted) {
    if (left > 0 && others.includes(item)) continue;
    const { textEdit } = item;
    assert.ok(textEdit !== undefined && "range" in textEdit, "every item says what it replaces");
    const inserted = JSON.stringify(textEdit.newText).slice(1, -1).replaceAll('\\"', '"');
    const more = (item.additionalTextEdits ?? [])
      .map(({ newText }) => ` + ${JSON.stringify(newText)}`)
      .join("");
    const from =
      item.labelDetails?.description === undefined ? "" : `  from ${item.labelDetails.description}`;
    const insert = textEdit.newText === item.label ? "" : `  → ${inserted}`;
    lines.push(`${item.sortText?.[0]} ${item.label}  ${item.detail ?? ""}${from}${insert}${more}`.trimEnd());
    const { start, end } = textEdit.range;
    assert.equal(start.line, end.line, "an edit of a completion stays on its line");
    assert.ok(text.split("\n").length > end.line);
  }
  if (left > 0) lines.push(`and ${left} functions`);
  return lines.length === 0 ? "nothing" : lines.join("\n");
}

goldenTests(path.resolve("test/features/completion/cases"), (fixture) => {
  const { document, position, workspace } = cursorDocument(fixture);
  const items = completion(
    document,
    position,
    { workspace, headerOf: (file) => headers[file] },
    { snippets: true },
  );
  return show(items, document.text);
});

test("nothing is asked of a client that knows no snippets", () => {
  const { document, position, workspace } = cursorDocument("‸");
  const items = completion(document, position, { workspace }, { snippets: false });
  for (const { insertTextFormat, textEdit } of items) {
    assert.equal(insertTextFormat, undefined);
    assert.doesNotMatch(textEdit?.newText ?? "", /\$/);
  }
});

test("the documentation of an item is looked up when it is shown", () => {
  const fixture = `import { Align } from "./lib.reprod"
/// How *deep*.
param depth: Int = 1
table t = csv("t.csv") {
  /// Who it \`is\`.
  name: String
}
for s in t {
  node a[s.name] = Align { depth: ${CURSOR} }
}
--- lib.reprod
/// Aligns.
transform Align {
  /// Reads a site.
  param depth: Int
  out bam: File = "a.bam"
  run sh \`\`\`
    echo "$depth" > "$bam"
  \`\`\`
}
`;
  const docs = (marked: string): { readonly [label: string]: unknown } => {
    const { document, position, workspace } = cursorDocument(marked);
    const items = completion(document, position, { workspace }, { snippets: true });
    const whole = JSON.parse(JSON.stringify(items)) as CompletionItem[];
    return Object.fromEntries(
      whole.map((item) => {
        const { documentation } = resolveCompletion(item, workspace);
        return [item.label, typeof documentation === "object" ? documentation.value : documentation];
      }),
    );
  };
  assert.equal(docs(fixture).depth, "How \\*deep\\*.");
  assert.equal(docs(fixture).s, undefined);
  assert.match(String(docs(fixture).len), /How many elements/);
  assert.equal(docs(fixture.replace(CURSOR, `s.${CURSOR}`)).name, "Who it `is`.");
  assert.equal(docs(fixture.replace(`depth: ${CURSOR}`, CURSOR))["depth:"], "Reads a site.");
  assert.equal(docs(fixture.replace(`Align { depth: ${CURSOR} }`, CURSOR)).Align, "Aligns.");
});

test("what comes back with foreign data stays as it is", () => {
  const { workspace } = cursorDocument(CURSOR);
  for (const data of [
    undefined,
    null,
    1,
    "name",
    {},
    { kind: "name", path: 1, name: "x" },
    { kind: "toString" },
  ]) {
    const item: CompletionItem = { label: "x", data };
    assert.equal(resolveCompletion(item, workspace), item);
  }
});

test("a client that can choose is told what to insert before and what to replace", () => {
  const { document, position, workspace } = cursorDocument(`let depth = 1\nlet a = de${CURSOR}ep`);
  const items = completion(document, position, { workspace }, { snippets: true, insertReplace: true });
  assert.deepEqual(items.find(({ label }) => label === "depth")?.textEdit, {
    newText: "depth",
    insert: { start: { line: 1, character: 8 }, end: { line: 1, character: 10 } },
    replace: { start: { line: 1, character: 8 }, end: { line: 1, character: 12 } },
  });
});

test("an import is added in the line ends of the file, behind characters of any width", () => {
  const fixture = `/// 🌻\r\npipeline p // 🌻🌻\r\n\r\nlet 🌻 = 1\r\nnode a = B${CURSOR} { }\r\n--- lib.reprod\ntransform B { out z: File = "z" }`;
  const { document, position, workspace } = cursorDocument(fixture);
  const items = completion(document, position, { workspace }, { snippets: true });
  const item = items.find(({ label }) => label === "B");
  assert.deepEqual(item?.additionalTextEdits, [
    {
      range: { start: { line: 1, character: 18 }, end: { line: 1, character: 18 } },
      newText: '\r\n\r\nimport { B } from "./lib.reprod"',
    },
  ]);
});

/** Whether a list opens when the character before the cursor is typed. */
for (const [trigger, fixture, opens] of [
  [" ", `let b = 1\nlet a = ${CURSOR}`, true],
  [" ", `let b = 1 ${CURSOR}`, false],
  [" ", `let b = true ${CURSOR}`, false],
  [" ", `for x in [1] {\n ${CURSOR}\n}`, false],
  ["{", `transform T {${CURSOR}}`, false],
  ["{", `let b = 1\nlet a = "\${${CURSOR}}"`, true],
  [":", `transform T {\n  in x:${CURSOR}\n}`, true],
  [":", `let b = true\nlet a = b ? 1 :${CURSOR}`, true],
  [".", `table t = csv("t.csv") { name: String }\nlet a = t.${CURSOR}`, true],
  [".", `let a = file(".${CURSOR}")`, true],
  [".", `// the end.${CURSOR}`, false],
  ['"', `let a = file("${CURSOR}")`, true],
  ['"', `let a = "x"${CURSOR}`, false],
  ["/", `let a = 4 /${CURSOR}`, false],
  ["$", `transform T {\n  param x: Int\n  run sh \`\`\`\n    $${CURSOR}\n  \`\`\`\n}`, true],
  ["{", `transform T {\n  param x: Int\n  run sh \`\`\`\n    \${${CURSOR}\n  \`\`\`\n}`, true],
  [" ", `transform T {\n  param x: Int\n  run sh \`\`\`\n    echo ${CURSOR}\n  \`\`\`\n}`, false],
] as const)
  test(`${JSON.stringify(trigger)} ${opens ? "opens a list" : "opens none"}: ${JSON.stringify(fixture)}`, () => {
    const { document, position, workspace } = cursorDocument(fixture);
    const items = completion(document, position, { workspace }, { snippets: true, trigger });
    assert.equal(items.length > 0, opens);
  });
