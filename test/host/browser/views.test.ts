import assert from "node:assert/strict";
import * as fs from "node:fs";
import { type Editor, editorSuite, examples, reprod, until } from "../lib/index.js";

/** Two nodes fail: one after three attempts, one at once, with more to say than a row has room for. */
const many = `pipeline many
for i in range(120) {
  node one[i] = Make { i }
}
node flaky = Flaky { }
node bad = Bad { }

transform Make {
  param i: Int
  out made: File = "made.txt"
  run sh \`\`\`
    echo "$i" > "$made"
  \`\`\`
}
transform Flaky {
  out made: File = "made.txt"
  retry { attempts: 3 }
  run sh \`\`\`
    echo "no luck" > "$made"; exit 4
  \`\`\`
}
transform Bad {
  out made: File = "made.txt"
  run sh \`\`\`
    echo "no" > "$made"; exit 3
  \`\`\`
}
`;

const waiting = (folder: string) => `pipeline waiting
param go: String = "${folder}/go"
node slow = Wait { go }
transform Wait {
  param go: String
  out made: File = "made.txt"
  run bash \`\`\`
    until [ -e "$go" ]; do sleep 0.05; done
    echo done > "$made"
  \`\`\`
}
`;

const make = `transform Make {
  out made: File = "made.txt"
  run sh \`\`\`
    echo 1 > "$made"
  \`\`\`
}
`;
const once = `pipeline once
node one = Make { }
${make}`;

const lines = async (editor: Editor, level: number) =>
  (await editor.rows("Runs")).filter((row) => row.level === level);

editorSuite(
  "many runs",
  {
    workspace: {
      files: {
        "reprod.json": '{"projectId": "abcdefghijkl"}\n',
        "many.reprod": many,
        "once.reprod": once,
        "library.reprod": make,
        "broken.reprod": "pipeline broken\nnode a = Nope { }\n",
      },
    },
    theme: "high-contrast",
    settings: { "reprod.confirmAbove": 1000 },
    size: { width: 1500, height: 1400 },
    screenshots: "views",
  },
  async (step) => {
    await step(
      "files with nodes are listed, and those with errors say so; libraries are not",
      async (editor) => {
        await editor.openContainer("Reprod");
        await editor.row("Pipelines", "many.reprod", "122 to do");
        const broken = await editor.row("Pipelines", "broken.reprod", "1 error");
        assert.equal(await broken.getAttribute("aria-label"), "broken.reprod, 1 error, 0 nodes");
        const labels = (await editor.rows("Pipelines")).map(({ label }) => label);
        assert.deepEqual(labels, ["broken.reprod", "many.reprod", "once.reprod"]);
      },
    );
    await step("a run of many nodes shows what failed, and why, first", async (editor) => {
      await editor.openFile("many.reprod");
      await editor.clickLens(/Run 122$/);
      await editor.row("Runs", "many", /2 failed/);
      await editor.row("Runs", "flaky", /^exit 4 · .*attempt 3/);
      const bad = await editor.row("Runs", "bad", /^exit 3/);
      assert.match((await bad.getAttribute("aria-label")) ?? "", /^bad, failed, exit 3/);
      assert.match(await editor.tooltip(bad, /exit code/), /the script ended with exit code 3/);
      await editor.unhover();
      await editor.screenshot("1-many-nodes");
    });
    await step("attempts of a node are below it, each with its log", async (editor) => {
      await editor.expand("Runs", "flaky");
      await editor.row("Runs", "attempt 1", /exit 4/);
      await (await editor.row("Runs", "attempt 2", /exit 4/)).click();
      await editor.tab("flaky (2).log").waitFor();
    });
    await step("of 120 nodes fifty are listed, and more when asked for", async (editor) => {
      await editor.expand("Runs", "done (120)");
      const list = editor.view("Runs").locator(".monaco-list").first();
      const more = editor.view("Runs").locator(".monaco-list-row", { hasText: "and 70 more" });
      await until("the line that stands for the rest", async () => {
        if (await more.isVisible()) return true;
        await list.hover();
        await editor.page.mouse.wheel(0, 600);
        return false;
      });
      await editor.screenshot("2-more");
      await more.click();
      await more.waitFor({ state: "detached" });
      // Runs that come later are above what is in sight.
      await editor.pressViewAction("Runs", "Collapse All");
    });
    await step("runs of a terminal show by themselves, while they run and after", async (editor) => {
      const { folder } = editor.workspace;
      fs.writeFileSync(editor.workspace.at("waiting.reprod"), waiting(folder));
      const run = reprod(folder, "run", "waiting.reprod");
      await editor.row("Runs", "waiting", /0 of 1/);
      await editor.statusItem(/1 run · 0 of 1/).waitFor();
      const item = (await editor.status()).find(({ text }) => text.includes("1 run"));
      assert.equal(item?.spoken, "Reprod: 1 run, 0 of 1 nodes done");
      await editor.screenshot("3-from-a-terminal");
      fs.writeFileSync(editor.workspace.at("go"), "");
      await editor.row("Runs", "waiting", /1 made/);
      await editor.statusItem(/1 run/).waitFor({ state: "hidden" });
      assert.equal((await run).code, 0);
    });
    await step("a run is cancelled from its row, and says what stays", async (editor) => {
      fs.rmSync(editor.workspace.at("go"));
      const { folder } = editor.workspace;
      const run = reprod(folder, "run", "waiting.reprod", "--no-cache", "slow");
      await editor.row("Runs", "waiting", /0 of 1/);
      await editor.pressRowAction("Runs", "waiting", "Cancel Run");
      await editor.row("Runs", "waiting", /cancelled/);
      await editor.statusItem(/What is finished stays in the store/).waitFor();
      assert.notEqual((await run).code, 0);
    });
    await step(
      "the filter keeps one kind of run; without any, the view says how to go on",
      async (editor) => {
        await editor.pressViewAction("Runs", "Filter Runs");
        await editor.pick("cancelled");
        await until("only what was cancelled", async () => (await lines(editor, 1)).length === 1);
        await editor.pressViewAction("Runs", "Clear Filter of Runs");
        await until("all runs", async () => (await lines(editor, 1)).length === 3);
        await editor.run("Reprod: Filter Runs");
        await editor.quickInput.locator("input[type=text]").fill("nothing like it");
        await editor.pick('Runs with "nothing like it"');
        assert.match(await editor.welcome("Runs"), /No run is like that/);
        await editor.screenshot("4-filtered");
        await editor.view("Runs").getByRole("button", { name: "Clear Filter of Runs" }).last().click();
        await editor.row("Runs", "many", /2 failed/);
      },
    );
    await step("thirty runs are thirty rows, newest first, and a setting says how many", async (editor) => {
      const { folder } = editor.workspace;
      await editor.view("Pipelines").locator(".pane-header").click();
      const several = async () => {
        for (let at = 0; at < 14; at++) assert.equal((await reprod(folder, "run", "once.reprod")).code, 0);
      };
      await Promise.all([several(), several()]);
      await until("all of them", async () => (await lines(editor, 1)).length >= 30);
      assert.equal((await lines(editor, 1))[0]?.label, "once");
      await editor.screenshot("5-thirty");
      fs.mkdirSync(editor.workspace.at(".vscode"));
      fs.writeFileSync(editor.workspace.at(".vscode/settings.json"), '{ "reprod.runs.show": 4 }');
      await until("four of them", async () => (await lines(editor, 1)).length === 4);
    });
  },
);

editorSuite("settings", { workspace: examples, theme: "light", screenshots: "settings" }, async (step) => {
  /** As a person does in the workspace's settings; each takes the place of those before. */
  const set = (editor: Editor, settings: Readonly<Record<string, unknown>>): void => {
    fs.mkdirSync(editor.workspace.at(".vscode"), { recursive: true });
    fs.writeFileSync(editor.workspace.at(".vscode/settings.json"), JSON.stringify(settings));
  };
  const hinted = (line: string | undefined) => /missing|never made/.test(line ?? "");

  await step("lenses, hints and signs go and come back while the file is open", async (editor) => {
    await editor.openFile("weather/weather.reprod");
    await editor.lens("○ 14 missing");
    await until("hints", async () => (await editor.visibleLines()).some(hinted));
    await until("signs", async () => (await editor.gutterSigns()).length > 2);
    set(editor, {
      "reprod.lens.enabled": false,
      "reprod.inlayHints.enabled": false,
      "reprod.gutter.enabled": false,
    });
    await until("no lenses", async () => (await editor.lenses()).length === 0);
    await until("no hints", async () => !(await editor.visibleLines()).some(hinted));
    await until("no signs", async () => (await editor.gutterSigns()).length === 0);
    await editor.screenshot("1-all-off");
    set(editor, {});
    await editor.lens("○ 14 missing");
    await until("signs", async () => (await editor.gutterSigns()).length > 2);
  });
  await step(
    "a run asks from the number of nodes on that is set, and shows its plan as text",
    async (editor) => {
      set(editor, { "reprod.confirmAbove": 0, "reprod.pages.open": "text" });
      await until("the plan of a single node", async () => {
        await editor.clickLens(/Run 4$/);
        await editor.notification(/Plan of weather: 4 of/);
        return true;
      });
      await editor.placeOf("# Plan of weather");
      await editor.lens("Run 4 Nodes");
      await editor.screenshot("2-plan-as-text");
      await editor.pressNotification(/Plan of weather/, "Cancel");
      await until("the plan to close", async () => !(await editor.tabs()).some((tab) => /Plan of/.test(tab)));
    },
  );
  await step("a profile shows in the status bar and in the view", async (editor) => {
    set(editor, { "reprod.profile": "lab" });
    await editor.statusItem("lab").waitFor();
    const item = (await editor.status()).find(({ text }) => text === "lab");
    assert.equal(item?.spoken, "AWS profile of Reprod: lab");
    set(editor, {});
    await editor.statusItem("lab").waitFor({ state: "hidden" });
  });
});
