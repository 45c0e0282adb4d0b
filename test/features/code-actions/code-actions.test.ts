import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { diffLines } from "diff";
import type { CodeAction, Diagnostic, TextEdit } from "vscode-languageserver-types";
import { checkFacts } from "../../../server/features/checks/index.js";
import { fixes, withoutFix } from "../../../server/features/code-actions/table.js";
import { codeActions, FIX_ALL } from "../../../server/features/code-actions.js";
import type { Document } from "../../../server/features/document.js";
import { rules } from "../../../server/features/rules.js";
import { evaluate } from "../../../server/graph/evaluate.js";
import type { PlacedProblem } from "../../../server/language/problems.js";
import { loadProgram } from "../../../server/language/program.js";
import { applied, cursorDocument, documentOf, workspaceOf } from "../../support/cursor-document.js";
import { MemoryFacts } from "../../support/facts.js";
import { goldenTests } from "../../support/golden.js";
import { mutateOften, seededRandom } from "../../support/mutate.js";
import { sourceOf } from "../../support/squiggles.js";

const options = { commands: true, createFiles: true };

/** Codes that some fixture mends. */
const mended = new Set<string>();

function problemsOf(document: Document, files: ReadonlyMap<string, string>): readonly PlacedProblem[] {
  const facts = new MemoryFacts({
    files: Object.fromEntries([...files].map(([name, text]) => [`/${name}`, text])),
    unknown: ["https://example.org/a.fa"],
    tools: { bash: "1", sh: "1", python3: "1" },
  });
  const { program } = document;
  const { graph, problems } = evaluate(program, { values: new Map() }, facts);
  const input = { program, graph, facts, root: "/", useImages: true, platform: "linux/amd64" };
  return [...program.problems, ...problems, ...checkFacts(input)];
}

function diagnosticsOf(document: Document, problems: readonly PlacedProblem[]): Diagnostic[] {
  return problems.map(({ span, rule, message }) => ({
    range: document.lines.range(span),
    code: rule.code,
    message,
  }));
}

function filesOf(fixture: string): ReadonlyMap<string, string> {
  return cursorDocument(fixture).files;
}

/** What the files are after an action. */
function after(files: ReadonlyMap<string, string>, { edit }: CodeAction): ReadonlyMap<string, string> {
  const result = new Map(files);
  const change = (uri: string, edits: readonly TextEdit[]): void => {
    const name = uri.slice("file:///".length);
    result.set(name, applied(result.get(name) ?? "", edits));
  };
  for (const [uri, edits] of Object.entries(edit?.changes ?? {})) change(uri, edits);
  for (const one of edit?.documentChanges ?? [])
    if ("edits" in one)
      change(
        one.textDocument.uri,
        one.edits.filter((each) => "newText" in each),
      );
  return result;
}

/** Every problem of the text in every program of the folder, by what it says. */
function said(files: ReadonlyMap<string, string>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of files.keys()) {
    if (!name.endsWith(".reprod")) continue;
    for (const { path: file, rule, message } of loadProgram(`/${name}`, sourceOf(files)).problems) {
      const key = `${name}: ${file} ${rule.code}: ${message}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return counts;
}

/** What is wrong with the reading of a text hides what is wrong with its meaning. */
const READING = /reprod\/(?:syntax|bad-escape|nesting-limit|reserved-word|unclosed-script|unclosed-string):/;

function assertSound(files: ReadonlyMap<string, string>, action: CodeAction): void {
  const before = said(files);
  const now = said(after(files, action));
  const unread = (counts: ReadonlyMap<string, number>): number =>
    [...counts].reduce((sum, [key, count]) => sum + (READING.test(key) ? count : 0), 0);
  const isRead = unread(now) < unread(before);
  for (const [key, count] of now)
    if (!isRead || READING.test(key))
      assert.ok(count <= (before.get(key) ?? 0), `"${action.title}" makes a problem: ${key}`);
}

/** The actions at the cursor (or between two): what each does to the lines of which file. */
goldenTests(path.resolve("test/features/code-actions/cases"), (fixture) => {
  const { document, workspace, offset, end, files } = cursorDocument(fixture);
  const problems = problemsOf(document, files);
  const range = document.lines.range({ start: offset, end });
  const diagnostics = diagnosticsOf(document, problems);
  const actions = codeActions(document, range, { diagnostics }, { workspace, problems }, options);
  const shown = actions.map((action) => {
    const { title, kind, isPreferred, command } = action;
    const preferred = isPreferred === true ? ", preferred" : "";
    const codes = (action.diagnostics ?? []).map(({ code }) => String(code));
    for (const code of codes) mended.add(code);
    let text = `## ${title}  (${kind}${preferred})\n`;
    if (command !== undefined) return `${text}${command.command} ${JSON.stringify(command.arguments)}\n`;
    assertSound(files, action);
    const changed = after(files, action);
    if (action.diagnostics !== undefined && title !== "")
      assert.ok(isLess(changed, problems, codes), `"${title}" mends ${codes.join()}`);
    for (const [name, now] of changed) {
      const was = files.get(name);
      if (was === now) continue;
      if (name !== "main.reprod") text += `--- ${name}${was === undefined ? " (new)" : ""}\n`;
      for (const part of diffLines(was ?? "", now)) {
        if (!part.added && !part.removed) continue;
        const lines = part.value.replace(/\n$/, "").split("\n");
        text += lines.map((line) => `${part.added ? "+" : "-"} ${line}\n`).join("");
      }
    }
    return text;
  });
  return shown.length === 0 ? "nothing" : shown.join("");
});

/** Whether fewer problems of these kinds are left, the world's among them. */
function isLess(
  now: ReadonlyMap<string, string>,
  problems: readonly PlacedProblem[],
  codes: readonly string[],
): boolean {
  const count = (list: readonly PlacedProblem[]): number =>
    list.filter(({ rule }) => codes.includes(rule.code)).length;
  return count(problemsOf(documentOf(now), now)) < count(problems);
}

test("every rule has a fix or a reason to have none", () => {
  const decided = [...fixes.keys(), ...withoutFix.keys()];
  assert.deepEqual(decided.toSorted(), rules.map(({ code }) => code).toSorted());
  assert.equal(new Set(decided).size, decided.length);
});

test("every fix is shown by a case", () => {
  if (process.env.REPROD_UPDATE === "1") return;
  assert.deepEqual(
    [...fixes.keys()].filter((code) => !mended.has(code)),
    [],
  );
});

test("all misspelt names are mended together, when asked for", () => {
  const fixture = `pipeline p
param depth: Int = 1
let a = dpeth + lne([1]) // 🌻
let b = "🌻" + strng(deth)
let c: = 1
node x = T { depht: depth }
transform T {
  param depth: Int
  out bam: File = "a.bam"
  run bash \`\`\`
    echo "$dpeth" "$depth" "$dpeth" > "$bam"
  \`\`\`
}
target x
check a > 0 and b != ""
`;
  const files = filesOf(fixture);
  const document = documentOf(files);
  const problems = problemsOf(document, files);
  const range = document.lines.range({ start: 0, end: 0 });
  const context = { diagnostics: [], only: ["source.fixAll"] };
  const [action, ...more] = codeActions(
    document,
    range,
    context,
    { workspace: workspaceOf(files), problems },
    options,
  );
  assert.ok(action !== undefined);
  assert.deepEqual(more, []);
  assert.equal(action.kind, FIX_ALL);
  assertSound(files, action);
  assert.equal(
    after(files, action).get("main.reprod"),
    fixture
      .replaceAll("dpeth", "depth")
      .replace("lne(", "len(")
      .replace("strng(", "string(")
      .replace("deth", "depth")
      .replace("depht:", "depth:"),
  );
  const unasked = codeActions(
    document,
    range,
    { diagnostics: [] },
    { workspace: workspaceOf(files), problems },
    options,
  );
  assert.deepEqual(
    unasked.filter(({ kind }) => kind === FIX_ALL),
    [],
  );
});

test("only what is asked for is given", () => {
  const { document, workspace, files } = cursorDocument("param depth: Int = 1\nlet a = dpeth\n");
  const problems = problemsOf(document, files);
  const range = document.lines.range({ start: 0, end: document.text.length });
  for (const only of ["quickfix", "refactor", "refactor.rewrite", "source.fixAll.reprod"]) {
    const actions = codeActions(
      document,
      range,
      { diagnostics: [], only: [only] },
      { workspace, problems },
      options,
    );
    assert.ok(actions.length > 0, only);
    for (const { kind } of actions)
      assert.ok(kind === only || kind?.startsWith(`${only}.`), `${only}: ${kind}`);
  }
  assert.deepEqual(
    codeActions(
      document,
      range,
      { diagnostics: [], only: ["source.organizeImports"] },
      { workspace, problems },
      options,
    ),
    [],
  );
});

test("a client without commands or new files is given neither", () => {
  const fixture = 'import { A } from "./gone.reprod"\nlet b = file("https://example.org/a.fa")\n';
  const { document, workspace, files } = cursorDocument(fixture);
  const problems = problemsOf(document, files);
  const range = document.lines.range({ start: 0, end: document.text.length });
  const given = { workspace, problems };
  const all = codeActions(document, range, { diagnostics: [] }, given, options);
  assert.ok(all.some(({ command }) => command !== undefined));
  assert.ok(all.some(({ edit }) => edit?.documentChanges !== undefined));
  const plain = codeActions(document, range, { diagnostics: [] }, given, {
    commands: false,
    createFiles: false,
  });
  assert.ok(plain.every(({ command, edit }) => command === undefined && edit?.documentChanges === undefined));
});

test("no damage makes an action throw or make a problem", () => {
  const library = readFileSync("examples/variants/transforms.reprod", "utf8");
  const examples = [
    readFileSync("examples/variants/variants.reprod", "utf8"),
    library,
    readFileSync("test/fixtures/everything.reprod", "utf8"),
  ];
  const random = seededRandom(17);
  let tried = 0;
  for (let round = 0; round < 60; round++) {
    const text = mutateOften(examples[round % 3] ?? "", 1 + Math.floor(random() * 3), random);
    const files = new Map([
      ["main.reprod", text],
      ["transforms.reprod", library],
    ]);
    const document = documentOf(files);
    const workspace = workspaceOf(files);
    const { problems } = document.program;
    const places = problems.filter(({ path: file }) => file === document.path).map(({ span }) => span);
    for (let place = 0; place < 4; place++) {
      const start = Math.floor(random() * (text.length + 1));
      places.push({ start, end: Math.min(text.length, start + Math.floor(random() * 10)) });
    }
    for (const span of places.slice(0, 12)) {
      const range = document.lines.range(span);
      for (const action of codeActions(
        document,
        range,
        { diagnostics: [] },
        { workspace, problems },
        options,
      )) {
        tried++;
        if (action.command === undefined) assertSound(files, action);
      }
    }
  }
  assert.ok(tried > 100, `${tried} actions were tried`);
});
