import assert from "node:assert/strict";
import * as fs from "node:fs";
import { type Editor, editorSuite, until } from "../lib/index.js";

/** Writes a line each time that the test has added one to a file, until the file says "end". */
const talking = (folder: string) => `pipeline talking
param said: String = "${folder}/said"
node talk = Talk { said }
node silent = Silent { }
transform Talk {
  param said: String
  out made: File = "made.txt"
  run bash \`\`\`
    printf 'word and word and word\\n'
    printf '\\033[31mred\\033[0m 10%%\\r 50%%\\r100%%\\n'
    seen=0
    while true; do
      mapfile -t lines < "$said"
      for line in "\${lines[@]:$seen}"; do
        [ "$line" = end ] && { echo made > "$made"; exit 0; }
        echo "$line"
      done
      seen=\${#lines[@]}
      sleep 0.05
    done
  \`\`\`
}
transform Silent {
  out made: File = "made.txt"
  run bash \`\`\`
    echo made > "$made"
  \`\`\`
}
`;

const line = (editor: Editor, text: string) =>
  until(`the line "${text}"`, async () => (await editor.visibleLines()).includes(text), {
    seen: () => editor.visibleLines(),
  });

editorSuite(
  "logs",
  {
    workspace: { files: { "reprod.json": '{"projectId": "abcdefghijkl"}\n', said: "" } },
    theme: "dark",
    size: { width: 900, height: 700 },
    screenshots: "logs",
  },
  async (step) => {
    const say = (editor: Editor, text: string) => fs.appendFileSync(editor.workspace.at("said"), `${text}\n`);

    await step("a log is read as a terminal would show it, from its end", async (editor) => {
      fs.writeFileSync(editor.workspace.at("talking.reprod"), talking(editor.workspace.folder));
      await editor.openFile("talking.reprod");
      await editor.clickLens(/Run 2$/);
      await editor.clickLens("▶ running");
      await line(editor, "100%");
      assert.deepEqual(await editor.visibleLines(), ["word and word and word", "100%", ""]);
      await editor.statusItem(/^Ln 3, Col 1/).waitFor();
      assert.equal(await editor.page.locator(".wordHighlightText, .wordHighlight").count(), 0);
      await editor.screenshot("1-end");
    });
    await step("it follows what is written, and stays where somebody reads", async (editor) => {
      for (let at = 1; at <= 60; at++) say(editor, `line ${at}`);
      await line(editor, "line 60");
      await editor.goTo(1);
      await line(editor, "word and word and word");
      say(editor, "line 61");
      await editor.page.locator(".monaco-editor .view-lines").first().hover();
      await editor.page.keyboard.press("Control+End");
      await line(editor, "line 61");
      await editor.screenshot("2-followed");
    });
    await step("one that says nothing says so", async (editor) => {
      say(editor, "end");
      await editor.openFile("talking.reprod");
      await editor.lens("✓ 2 cached");
      await editor.run("Reprod: Open Logs");
      await editor.pick("silent");
      await line(editor, "(The script wrote nothing.)");
    });
  },
);
