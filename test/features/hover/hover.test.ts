import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { MarkupContent } from "vscode-languageserver-types";
import { hover, hoverAtOnce } from "../../../server/features/hover.js";
import { CURSOR, cursorDocument, documentOf } from "../../support/cursor-document.js";
import { goldenTests } from "../../support/golden.js";
import { mutateOften, seededRandom } from "../../support/mutate.js";

const values: ReadonlyMap<string, string> = new Map([
  ["names", '["ANN0830", "ANN`x`"]'],
  ["depth", "60"],
]);
const providers = {
  valueText: (name: string) => values.get(name),
  rowsOf: (table: string) => (table === "samples" ? 1234 : undefined),
};

goldenTests(path.resolve("test/features/hover/cases"), (fixture) => {
  const { document, position } = cursorDocument(fixture);
  const found = hoverAtOnce(document, position, providers);
  if (found === undefined) return "nothing";
  assert.ok(MarkupContent.is(found.contents) && found.range !== undefined);
  const { start, end } = document.lines.span(found.range);
  return `on: ${document.text.slice(start, end)}\n\n${found.contents.value}`;
});

test("the states of a node follow what it is", async () => {
  const fixture = `node ${CURSOR}a = T { }\ntransform T {\n  out x: File = "x"\n}\n`;
  const { document, position } = cursorDocument(fixture);
  const found = await hover(document, position, { nodes: async (name) => `**states of ${name}**` });
  assert.ok(found !== undefined && MarkupContent.is(found.contents));
  assert.equal(found.contents.value, "```reprod\nnode a = T\n```\n\n---\n\n**states of a**");
  assert.deepEqual((await hover(document, position, { nodes: async () => undefined }))?.range, found.range);
});

test("only nodes have states", async () => {
  const { document, position } = cursorDocument(`let ${CURSOR}a = 1`);
  const asked: string[] = [];
  await hover(document, position, { nodes: async (name) => void asked.push(name) });
  assert.deepEqual(asked, []);
});

test("no damage makes hover throw", () => {
  const everything = readFileSync("test/fixtures/everything.reprod", "utf8");
  const variants = readFileSync("examples/variants/variants.reprod", "utf8");
  const library = readFileSync("examples/variants/transforms.reprod", "utf8");
  const random = seededRandom(5);
  for (let round = 0; round < 300; round++) {
    const example = [everything, variants, library][round % 3] ?? "";
    const text = mutateOften(example, 1 + Math.floor(random() * 4), random);
    const document = documentOf(
      new Map([
        ["main.reprod", text],
        ["transforms.reprod", library],
      ]),
    );
    for (let place = 0; place < 10; place++) {
      const position = document.lines.position(Math.floor(random() * (text.length + 1)));
      const found = hoverAtOnce(document, position, providers);
      if (found !== undefined) assert.ok(found.range !== undefined);
    }
  }
});
