import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { editorSuite, examples, until } from "../lib/index.js";

/** Processes whose command line has this text in it. */
function processesWith(text: string): readonly number[] {
  return fs.readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const words = fs.readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0");
      return words.some((word) => word.includes(text)) ? [Number(name)] : [];
    } catch {
      // It ended between the two looks.
      return [];
    }
  });
}

const waiting = `pipeline waiting
node slow = Wait { }
target slow
transform Wait {
  out made: File = "made.txt"
  run bash \`\`\`
    sleep 600
    echo done > "$made"
  \`\`\`
}
`;

editorSuite(
  "bad luck",
  {
    workspace: { files: { "reprod.json": '{"projectId": "abcdefghijkl"}\n', "waiting.reprod": waiting } },
    theme: "high-contrast",
    screenshots: "bad-luck",
  },
  async (step) => {
    await step("a language server that crashes is back, and says so once", async (editor) => {
      await editor.openFile("waiting.reprod");
      await editor.lens("○ 1 missing");
      const servers = () =>
        processesWith(path.join("dist", "main.js")).filter((pid) => isOurs(pid, editor.server.data));
      const [first] = servers();
      assert.ok(first !== undefined, "the language server runs");
      process.kill(first, "SIGKILL");
      const told = await editor.notification(/ended unexpectedly and was started again/);
      assert.match(told.message, /Nothing is lost/);
      await until("another server", () => servers().some((pid) => pid !== first));
      await editor.goTo(1, 1);
      await editor.page.keyboard.type("// edited\n");
      await editor.lens("○ 1 missing");
      await editor.screenshot("1-server-is-back");
      await editor.clearNotifications();
    });
    await step("a run whose runner was killed is shown as lost, and runs again", async (editor) => {
      await editor.clickLens(/Run 1$/);
      await editor.openContainer("Reprod");
      await editor.row("Runs", "waiting", /0 of 1|running/);
      await editor.lens("▶ running");
      const [runner] = processesWith(editor.workspace.at(".reprod", "runs"));
      assert.ok(runner !== undefined, "the runner runs");
      process.kill(runner, "SIGKILL");
      await editor.row("Runs", "waiting", /lost/);
      await editor.screenshot("2-lost");
      await editor.pressRowAction("Runs", "waiting", "Run Again");
      await until(
        "a second run",
        async () => (await editor.rows("Runs")).filter(({ level }) => level === 1).length === 2,
      );
      await editor.screenshot("3-again");
      await editor.run("Reprod: Cancel Run");
      await editor.row("Runs", "waiting", /cancelled/);
    });
  },
);

editorSuite(
  "a workspace that is not trusted",
  { workspace: examples, trust: "restricted", theme: "light", screenshots: "untrusted" },
  async (step) => {
    await step("is checked, and nothing of it runs", async (editor) => {
      await editor.openFile("weather/weather.reprod");
      await until("colours and states", async () => (await editor.lenses()).length > 0);
      const lenses = await editor.lenses();
      assert.ok(!lenses.some((title) => /Run/.test(title)), lenses.join("\n"));
      assert.deepEqual(await editor.problems(), []);
      await editor.openContainer("Reprod");
      await editor.screenshot("1-restricted");
    });
    await step("is not written to", async (editor) => {
      const names = fs.readdirSync(editor.workspace.folder, { recursive: true }).map(String);
      assert.deepEqual(
        names.filter((name) => name.includes(".reprod/") || name.endsWith("/.reprod")),
        [],
      );
    });
  },
);

/** Whether a process belongs to this editor: its environment has the editor's own folder. */
function isOurs(pid: number, folder: string): boolean {
  try {
    return fs.readFileSync(`/proc/${pid}/environ`, "utf8").includes(folder);
  } catch {
    return false;
  }
}
