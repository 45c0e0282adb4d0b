import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import {
  type Diagnostic,
  DiagnosticSeverity,
  DiagnosticTag,
  DocumentDiagnosticRequest,
  PublishDiagnosticsNotification,
} from "vscode-languageserver/node";
import { project } from "../support/bad-luck.js";
import type { ClientDocument } from "../support/language-client.js";
import { startServer } from "../support/language-server.js";
import { codes, GREETINGS, openFile, withCode, withoutCode } from "./pipelines.js";

const CIRCLES = `pipeline circles
param a: Int = 1
param a: Int = 2
param p: Int = q
param q: Int = p
node c = Take { f: d.o }
node d = Take { f: c.o }
node x = Make { n: a + p }
transform Make {
  param n: Int
  out o: File = "o.txt"
  run sh \`\`\`
    echo "$n" > "$o"
  \`\`\`
}
transform Take {
  in f: File
  out o: File = "o.txt"
  run sh \`\`\`
    cat "$f" > "$o"
  \`\`\`
}
`;

const library = (name: string, other: string): string => `import { ${other} } from "./${other}.reprod"
transform ${name} {
  out o: File = "o.txt"
  run sh \`\`\`
    echo > "$o"
  \`\`\`
}
node ${name.toLowerCase()} = ${other} { }
`;

/** What a problem points at, and where the others that take part are. */
function drawn(document: ClientDocument, { code, range, relatedInformation }: Diagnostic): string {
  const related = (relatedInformation ?? []).map(
    ({ location, message }) =>
      `${message} at ${document.textIn(location.range)} in line ${location.range.start.line}`,
  );
  return `${code} ${document.textIn(range)} in line ${range.start.line}; ${related.join(", ")}`;
}

for (const kind of ["push", "pull"] as const) {
  test(`${kind}: problems come and go with the text, with the version that they are of`, async (t) => {
    const folder = project(t, { "greetings.reprod": GREETINGS });
    const server = await startServer(t, { folders: [folder], diagnostics: kind });
    assert.equal(server.initialized.capabilities.diagnosticProvider !== undefined, kind === "pull");
    const document = openFile(server, folder, "greetings.reprod");
    assert.deepEqual(await document.diagnostics(), []);
    document.replace("name, greeting }", "name, greeting: greetign }");
    const [unknown] = (await document.diagnostics(withCode("reprod/unknown-name"))).filter(
      ({ code }) => code === "reprod/unknown-name",
    );
    assert.ok(unknown);
    assert.equal(unknown.severity, DiagnosticSeverity.Error);
    assert.equal(unknown.source, "reprod");
    assert.match(String(unknown.message), /greetign.*did you mean "greeting"/);
    assert.equal(document.textIn(unknown.range), "greetign");
    document.replace("greetign", "greeting");
    assert.deepEqual(await document.diagnostics(), []);
    if (kind === "pull") {
      assert.deepEqual(
        server.all(PublishDiagnosticsNotification.type),
        [],
        "who is asked does not send as well",
      );
      return;
    }
    const versions = server
      .all(PublishDiagnosticsNotification.type)
      .filter(({ uri }) => uri === document.uri)
      .map(({ version }) => version ?? Number.NaN);
    assert.deepEqual(
      versions,
      [...versions].sort((a, b) => a - b),
    );
    assert.ok(versions.every((version) => version >= 1 && version <= document.version));
  });

  test(`${kind}: circles and duplicates name the others that take part`, async (t) => {
    const folder = project(t, { "circles.reprod": CIRCLES });
    const server = await startServer(t, { folders: [folder], diagnostics: kind });
    const document = openFile(server, folder, "circles.reprod");
    const problems = await document.diagnostics((found) => found.length >= 3);
    assert.deepEqual(
      problems.map((problem) => drawn(document, problem)),
      [
        "reprod/duplicate-name a in line 2; the first declaration at a in line 1",
        "reprod/cycle p in line 3; takes part at q in line 4",
        'reprod/cycle c in line 5; by way of "d" at d in line 6',
      ],
    );
  });

  test(`${kind}: files that import each other are told of in each of them, and both are alive`, async (t) => {
    const folder = project(t, { "A.reprod": library("A", "B"), "B.reprod": library("B", "A") });
    const server = await startServer(t, { folders: [folder], diagnostics: kind });
    const a = openFile(server, folder, "A.reprod");
    const b = openFile(server, folder, "B.reprod");
    assert.deepEqual(codes(await a.diagnostics(withCode("reprod/import-cycle"))), ["reprod/import-cycle"]);
    assert.deepEqual(codes(await b.diagnostics(withCode("reprod/import-cycle"))), ["reprod/import-cycle"]);
    const since = server.mark();
    b.replace('import { A } from "./A.reprod"\n', "");
    b.replace("node b = A { }\n", "");
    assert.deepEqual(await b.diagnostics(), []);
    assert.deepEqual(await a.diagnostics(withoutCode("reprod/import-cycle"), since), []);
  });

  test(`${kind}: an edit of a library, not yet saved, is seen in the files that import it`, async (t) => {
    const folder = project(t, {
      "library.reprod": 'transform Say {\n  out o: File = "o.txt"\n  run sh ```\n    echo > "$o"\n  ```\n}\n',
      "main.reprod": 'pipeline main\nimport { Say } from "./library.reprod"\nnode said = Say { }\n',
    });
    const server = await startServer(t, { folders: [folder], diagnostics: kind });
    const main = openFile(server, folder, "main.reprod");
    const library = openFile(server, folder, "library.reprod");
    assert.deepEqual(await main.diagnostics(), []);
    let since = server.mark();
    library.replace("transform Say {", "transform Say {\n  param word: String");
    assert.deepEqual(codes(await main.diagnostics(withCode("reprod/missing-argument"), since)), [
      "reprod/missing-argument",
    ]);
    since = server.mark();
    // Closed without saving: the disk counts again.
    library.close();
    assert.deepEqual(await main.diagnostics(withoutCode("reprod/missing-argument"), since), []);
  });

  test(`${kind}: a missing data file is told when it goes, and no longer when it is back`, async (t) => {
    const folder = project(t, {
      "words.txt": "one\n",
      "main.reprod": `pipeline main
input words = file("words.txt")
node counted = Count { words }
transform Count {
  in words: File
  out o: File = "o.txt"
  run sh \`\`\`
    wc "$words" > "$o"
  \`\`\`
}
`,
    });
    const server = await startServer(t, { folders: [folder], diagnostics: kind });
    const main = openFile(server, folder, "main.reprod");
    assert.deepEqual(await main.diagnostics(), []);
    let since = server.mark();
    fs.renameSync(path.join(folder, "words.txt"), path.join(folder, "other.txt"));
    const [missing] = await main.diagnostics(withCode("reprod/missing-file"), since);
    assert.ok(missing);
    assert.equal(main.textIn(missing.range), "words.txt");
    since = server.mark();
    fs.renameSync(path.join(folder, "other.txt"), path.join(folder, "words.txt"));
    assert.deepEqual(await main.diagnostics(withoutCode("reprod/missing-file"), since), []);
  });
}

test("what could go is shown faded, and hints are hints", async (t) => {
  const folder = project(t, { "main.reprod": "pipeline main\nparam lonely: Int = 1\n" });
  const server = await startServer(t, { folders: [folder] });
  const [lonely] = await openFile(server, folder, "main.reprod").diagnostics(withCode("reprod/unused-name"));
  assert.deepEqual(lonely?.tags, [DiagnosticTag.Unnecessary]);
  assert.equal(lonely?.severity, DiagnosticSeverity.Warning);
});

test("asked again about the same text, the server says only that nothing has changed", async (t) => {
  const folder = project(t, { "main.reprod": "pipeline main\nparam lonely: Int = 1\n" });
  const server = await startServer(t, { folders: [folder], diagnostics: "pull" });
  const { uri } = openFile(server, folder, "main.reprod");
  const first = await server.request(DocumentDiagnosticRequest.type, { textDocument: { uri } });
  assert.equal(first.kind, "full");
  assert.ok(first.resultId);
  const second = await server.request(DocumentDiagnosticRequest.type, {
    textDocument: { uri },
    previousResultId: first.resultId,
  });
  assert.deepEqual([second.kind, second.resultId], ["unchanged", first.resultId]);
});

test("a document that is closed leaves no squiggle behind that only its open text had", async (t) => {
  const folder = project(t, { "greetings.reprod": GREETINGS });
  const server = await startServer(t, { folders: [folder] });
  const document = openFile(server, folder, "greetings.reprod");
  document.replace("name, greeting }", "name, greeting: greetign }");
  await document.diagnostics(withCode("reprod/unknown-name"));
  const since = server.mark();
  document.close();
  await server.when(
    PublishDiagnosticsNotification.type,
    ({ uri, diagnostics }) => uri === document.uri && diagnostics.length === 0,
    since,
  );
});
