import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { signatureHelp } from "../../../server/features/signature-help.js";
import { cursorDocument, documentOf } from "../../support/cursor-document.js";
import { goldenTests } from "../../support/golden.js";
import { mutateOften, seededRandom } from "../../support/mutate.js";

/** Every signature with the active parameter underlined; `>` marks the active one. */
goldenTests(path.resolve("test/features/signature-help/cases"), (fixture) => {
  const { document, position } = cursorDocument(fixture);
  const help = signatureHelp(document, position);
  if (help === undefined) return "nothing";
  const lines: string[] = [];
  for (const [at, { label, parameters, documentation }] of help.signatures.entries()) {
    const isActive = at === help.activeSignature;
    lines.push(`${isActive ? ">" : " "} ${label}`);
    const parameter = isActive ? parameters?.[help.activeParameter ?? 0] : undefined;
    if (parameter !== undefined) {
      const [start, end] = parameter.label;
      assert.ok(typeof start === "number" && typeof end === "number");
      const doc = typeof parameter.documentation === "object" ? ` ${parameter.documentation.value}` : "";
      lines.push(`  ${" ".repeat(start)}${"^".repeat(end - start)}${doc}`);
    }
    if (isActive && typeof documentation === "object") lines.push(documentation.value);
  }
  return lines.join("\n");
});

test("no damage makes signature help throw", () => {
  const examples = ["test/fixtures/everything.reprod", "examples/variants/variants.reprod"].map((file) =>
    readFileSync(file, "utf8"),
  );
  const library = readFileSync("examples/variants/transforms.reprod", "utf8");
  const random = seededRandom(3);
  for (let round = 0; round < 300; round++) {
    const text = mutateOften(examples[round % 2] ?? "", 1 + Math.floor(random() * 4), random);
    const document = documentOf(
      new Map([
        ["main.reprod", text],
        ["transforms.reprod", library],
      ]),
    );
    for (let place = 0; place < 10; place++) {
      const help = signatureHelp(document, document.lines.position(Math.floor(random() * (text.length + 1))));
      if (help === undefined) continue;
      const active = help.signatures[help.activeSignature ?? 0];
      assert.ok(active !== undefined && (help.activeParameter ?? 0) <= (active.parameters?.length ?? 0));
    }
  }
});
