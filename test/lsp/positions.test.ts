import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CompletionRequest,
  DefinitionRequest,
  DocumentFormattingRequest,
  HoverRequest,
  type Location,
  type LocationLink,
  ReferencesRequest,
  RenameRequest,
  type TextDocumentEdit,
} from "vscode-languageserver/node";
import { project } from "../support/bad-luck.js";
import type { Encoding } from "../support/language-client.js";
import { startServer } from "../support/language-server.js";
import { openFile, withCode, withoutCode } from "./pipelines.js";

/** Characters of one, two, three and four bytes, and of two units in UTF-16, stand before what is looked at. */
const text = `pipeline wide
param greeting: String = "é€😀𝔘x"
node x = Say {
\tname: "é€😀𝔘", greeting: greetign, loud: true
}
/// 😀😀 says it.
transform Say {
\tparam name: String
\tparam greeting: String
\tparam loud: Bool
\tout o: File = "o.txt"
\trun sh \`\`\`
\t\techo "é€😀 $name $greeting $loud" > "$o"
\t\`\`\`
}
`;

const encodings: readonly (readonly Encoding[])[] = [
  ["utf-16"],
  ["utf-8"],
  ["utf-32", "utf-8", "utf-16"],
  [],
];

for (const wanted of encodings) {
  for (const end of ["\n", "\r\n"]) {
    const name = `${wanted.join(" or ") || "nothing said"}, ${JSON.stringify(end)}`;
    test(`places are where the client counts them: ${name}`, async (t) => {
      const folder = project(t, { "wide.reprod": text.replaceAll("\n", end) });
      const server = await startServer(t, {
        folders: [folder],
        encodings: wanted,
        ...(wanted.length === 0 && { capabilities: { general: { positionEncodings: undefined as never } } }),
      });
      const { encoding } = server;
      assert.ok(wanted.length === 0 ? encoding === "utf-16" : wanted.includes(encoding), encoding);
      if (wanted.length === 1) assert.equal(encoding, wanted[0]);
      const document = openFile(server, folder, "wide.reprod");

      const problems = await document.diagnostics(withCode("reprod/unknown-name"));
      const unknown = problems.find(({ code }) => code === "reprod/unknown-name");
      assert.ok(unknown);
      assert.equal(document.textIn(unknown.range), "greetign");

      // A change is applied where it was meant: behind wide characters of its own line.
      document.replace("greetign, loud", "greeting, loud");
      assert.deepEqual(await document.diagnostics(withoutCode("reprod/unused-name")), []);
      document.replace("𝔘x", "𝔘😀x");
      document.replace("😀𝔘😀x", "");
      document.replace('"é€"', '"é€😀𝔘x"');
      assert.deepEqual(await document.diagnostics(), []);

      const hover = await server.request(HoverRequest.type, document.at("greeting, loud", 3));
      assert.ok(hover?.range);
      assert.equal(document.textIn(hover.range), "greeting");

      const found = await server.request(DefinitionRequest.type, document.at("greeting, loud", 3));
      assert.equal(document.textIn(rangeOf(found)), "greeting");

      const references = await server.request(ReferencesRequest.type, {
        ...document.at("loud: true", 1),
        context: { includeDeclaration: true },
      });
      assert.deepEqual(
        references?.map(({ range }) => document.textIn(range)),
        ["loud", "loud", "loud"],
      );

      const renamed = await server.request(RenameRequest.type, {
        ...document.at("loud: true", 1),
        newName: "shout",
      });
      const edits = (renamed?.documentChanges ?? []).flatMap((change) => (change as TextDocumentEdit).edits);
      assert.equal(document.edited(edits as never), document.text.replaceAll(/\bloud\b/g, "shout"));

      document.replace("greeting, loud", "greeti, loud");
      const completed = await server.request(
        CompletionRequest.type,
        document.at("greeti, loud", "greeti".length),
      );
      const items = Array.isArray(completed) ? completed : (completed?.items ?? []);
      const item = items.find(({ label }) => label === "greeting");
      assert.ok(item, items.map(({ label }) => label).join());
      if (item.textEdit !== undefined) {
        const range = "range" in item.textEdit ? item.textEdit.range : item.textEdit.replace;
        assert.equal(document.textIn(range), "greeti");
      }
      document.replace("greeti, loud", "greeting, loud");

      // Tabs become spaces, and what was written after wide characters is moved rightly.
      const formatted = await server.request(DocumentFormattingRequest.type, {
        textDocument: { uri: document.uri },
        options: { tabSize: 2, insertSpaces: true },
      });
      const laidOut = document.edited(formatted ?? []);
      assert.match(laidOut, / {2}name: "é€😀𝔘"/);
      assert.ok(!laidOut.includes("\tname"), "tabs are gone");
      assert.equal(laidOut.includes("\r\n"), end === "\r\n", "line ends stay as they were");
      assert.equal(/[^\r]\n/.test(laidOut), end === "\n", "line ends are all of one kind");
      document.set(laidOut);
      assert.deepEqual(await document.diagnostics(), []);
      const again = await server.request(DocumentFormattingRequest.type, {
        textDocument: { uri: document.uri },
        options: { tabSize: 2, insertSpaces: true },
      });
      assert.equal(document.edited(again ?? []), laidOut);
    });
  }
}

function rangeOf(found: Location | readonly (Location | LocationLink)[] | null): Location["range"] {
  const [first] = Array.isArray(found) ? found : [found];
  assert.ok(first, "a definition");
  return "targetSelectionRange" in first ? first.targetSelectionRange : first.range;
}

test("a place beyond the end of a line or of the text is answered, not a defect", async (t) => {
  const folder = project(t, { "wide.reprod": text });
  const server = await startServer(t, { folders: [folder] });
  const document = openFile(server, folder, "wide.reprod");
  for (const position of [
    { line: 0, character: 10_000 },
    { line: 10_000, character: 0 },
    { line: 10_000, character: 10_000 },
    // Within a character of two units.
    { line: 1, character: document.position("😀").character + 1 },
  ]) {
    const params = { textDocument: { uri: document.uri }, position };
    await server.request(HoverRequest.type, params);
    await server.request(CompletionRequest.type, params);
    await server.request(DefinitionRequest.type, params);
  }
});

test("edits at the start, at the end, across line ends, and of everything keep both sides alike", async (t) => {
  const folder = project(t, { "wide.reprod": text });
  for (const encoding of ["utf-16", "utf-8"] as const) {
    const server = await startServer(t, { folders: [folder], encodings: [encoding] });
    const document = openFile(server, folder, "wide.reprod");
    document.insert(0, "// 😀\r\n");
    document.insert(document.text.length, "// end 😀");
    document.insert(document.text.length, "\r\n");
    document.insert(document.text.length, "\n");
    document.edit(document.offset("\r\npipeline"), document.offset("pipeline"), "\n");
    document.replace("greetign", "greeting");
    document.replace("\n\tout o", "\r\n\tout o");
    document.edit(document.offset("// end"), document.text.length, "");
    document.insert(document.text.length, "param unheard: Int = 1\n");
    const problems = await document.diagnostics(withCode("reprod/unused-name"));
    assert.deepEqual(
      problems.map(({ range }) => document.textIn(range)),
      ["unheard"],
      encoding,
    );
    document.set("pipeline other\nparam 𝔘: Int = 1\n");
    document.set("");
    assert.deepEqual(await document.diagnostics(), []);
    document.insert(0, "pipeline p\nparam lonely: Int = 1\n");
    const [lonely] = await document.diagnostics(withCode("reprod/unused-name"));
    assert.ok(lonely);
    assert.equal(document.textIn(lonely.range), "lonely");
    await server.shutdown();
  }
});
