import assert from "node:assert/strict";
import * as fs from "node:fs";
import { type Editor, editorSuite, until } from "../lib/index.js";

/**
 * Two nodes that wait for a file of the test, so that a run goes exactly as long as the test wants, and one that fails
 * as long as another file is not there. `wait` looks for files in the workspace's folder, which the script is told.
 */
const pipeline = (folder: string): string => `pipeline waiting

node slow = Wait { file: "${folder}/go" }
node after = Copy { from: slow.made }
node shaky = Fail { file: "${folder}/mended" }

target after

transform Wait {
  param file: String
  out made: File = "made.txt"
  run bash \`\`\`
    echo "waiting for $file"
    until [ -e "$file" ]; do sleep 0.05; done
    echo "went on" | tee "$made"
  \`\`\`
}
transform Copy {
  in from: File
  out made: File = "copy.csv"
  run bash \`\`\`
    { echo "word"; cat "$from"; } > "$made"
  \`\`\`
}
transform Fail {
  param file: String
  out made: File = "made.txt"
  run bash \`\`\`
    [ -e "$file" ] || { echo "it is not there: $file" >&2; exit 3; }
    echo mended > "$made"
  \`\`\`
}
`;

async function openWaiting(editor: Editor): Promise<void> {
  fs.writeFileSync(editor.workspace.at("waiting.reprod"), pipeline(editor.workspace.folder));
  await editor.openFile("waiting.reprod");
  await editor.openContainer("Reprod");
}

editorSuite(
  "runs",
  {
    workspace: { files: { "reprod.json": '{"projectId": "abcdefghijkl"}\n' } },
    theme: "light",
    size: { width: 1500, height: 1300 },
    screenshots: "runs",
  },
  async (step) => {
    await step("a run that is small begins at the click, and shows at once", async (editor) => {
      await openWaiting(editor);
      await editor.clickLens(/Run 2$/);
      await editor.row("Runs", "waiting", /0 of 2|running/);
      await editor.lens("▶ running");
      await editor.screenshot("1-running");
    });
    await step("its log opens while it runs, and follows", async (editor) => {
      await editor.clickLens("▶ running");
      await until("the log", async () =>
        (await editor.visibleLines()).some((line) => line.startsWith("waiting for ")),
      );
      await editor.screenshot("2-log");
    });
    await step("it outlives a reload of the window and shows again", async (editor) => {
      await editor.reload();
      await editor.openContainer("Reprod");
      await editor.row("Runs", "waiting", /0 of 2|running/);
      await editor.screenshot("3-after-reload");
    });
    await step("it goes on to its end, and the states follow", async (editor) => {
      fs.writeFileSync(editor.workspace.at("go"), "");
      await editor.row("Runs", "waiting", /2 made/);
      await editor.openFile("waiting.reprod");
      await editor.lens("✓ 2 cached");
      await editor.screenshot("4-done");
    });
    await step("a node that fails says why, in the lens and in the explorer", async (editor) => {
      await editor.clickLens(/Run 1$/);
      await editor.lens(/failed: .*exit code 3/);
      await editor.row("Runs", "waiting", /1 failed/);
      await editor.screenshot("5-failed");
    });
    await step("its log says what the script said", async (editor) => {
      await editor.clickLens(/failed: .*exit code 3/);
      await until("the log", async () =>
        (await editor.visibleLines()).some((line) => line.startsWith("it is not there: ")),
      );
      await editor.screenshot("6-log-of-the-failed");
    });
    await step("retrying it, once the cause is mended, makes it", async (editor) => {
      fs.writeFileSync(editor.workspace.at("mended"), "");
      await editor.openContainer("Reprod");
      const actions = await editor.rowActions("Runs", "waiting");
      assert.ok(actions.length <= 3, actions.join(", "));
      await editor.pressRowAction("Runs", "waiting", "Retry Failed");
      await editor.row("Runs", "waiting", /1 made/);
      await editor.screenshot("7-retried");
    });
  },
);
