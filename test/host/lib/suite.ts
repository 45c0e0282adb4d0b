// Editors in tests of node's own runner.
import { after, test } from "node:test";
import { closeBrowser } from "./browser.js";
import { type Editor, type EditorOptions, openEditor } from "./editor.js";
import { exitOnSignals } from "./processes.js";

exitOnSignals();
after(closeBrowser);

/** What `--grep` chose. Node's own choice by names would leave the steps of a chosen suite out. */
const grep = process.env.REPROD_HOST_GREP;
const isChosen = (name: string) => grep === undefined || new RegExp(grep).test(name);
/** Skipped with this reason, a test is not counted. */
const notChosen = "not chosen by --grep";

/** A test with an editor of its own. */
export function editorTest(
  name: string,
  options: EditorOptions,
  body: (editor: Editor) => Promise<void>,
): void {
  test(name, { skip: isChosen(name) ? false : notChosen }, async () => {
    const editor = await openEditor({ screenshots: fileName(name), ...options });
    try {
      await watched(editor, name, body);
    } finally {
      await editor.close();
    }
  });
}

export type EditorStep = (name: string, body: (editor: Editor) => Promise<void>) => Promise<void>;

/**
 * Tests that go on in one editor, each where the one before left it: much faster than an editor each. When one fails,
 * the others still run. `body` may call `step` for nothing but its steps: the editor opens with the first of them.
 */
export function editorSuite(
  name: string,
  options: EditorOptions,
  body: (step: EditorStep) => Promise<void>,
): void {
  test(name, async (suite) => {
    let opening: Promise<Editor> | undefined;
    const open = async () => {
      opening ??= openEditor({ screenshots: fileName(name), ...options });
      return await opening;
    };
    try {
      await body(async (step, act) => {
        const skip = isChosen(name) || isChosen(step) ? false : notChosen;
        await suite.test(step, { skip }, async () => await watched(await open(), step, act));
      });
    } finally {
      const editor = await opening?.catch(() => undefined);
      await editor?.close();
    }
    if (opening === undefined) suite.skip(notChosen);
  });
}

async function watched(editor: Editor, name: string, body: (editor: Editor) => Promise<void>): Promise<void> {
  try {
    await body(editor);
  } catch (error) {
    await editor.report(fileName(name));
    await editor.escape();
    throw error;
  }
}

const fileName = (name: string) =>
  name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-|-$/g, "");
