// Editors in tests of node's own runner.
import { after, test } from "node:test";
import { closeBrowser } from "./browser.js";
import { type Editor, type EditorOptions, openEditor } from "./editor.js";
import { exitOnSignals } from "./processes.js";

exitOnSignals();
after(closeBrowser);

const fileName = (name: string) =>
  name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-|-$/g, "");

/** A test with an editor of its own. */
export function editorTest(
  name: string,
  options: EditorOptions,
  body: (editor: Editor) => Promise<void>,
): void {
  test(name, async () => {
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
 * the others still run.
 */
export function editorSuite(
  name: string,
  options: EditorOptions,
  body: (step: EditorStep, editor: Editor) => Promise<void>,
): void {
  test(name, async (suite) => {
    const editor = await openEditor({ screenshots: fileName(name), ...options });
    try {
      await body((step, act) => suite.test(step, async () => await watched(editor, step, act)), editor);
    } finally {
      await editor.close();
    }
  });
}

async function watched(editor: Editor, name: string, body: (editor: Editor) => Promise<void>): Promise<void> {
  try {
    await body(editor);
  } catch (error) {
    await editor.report(fileName(name));
    throw error;
  }
}
