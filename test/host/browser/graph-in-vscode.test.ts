// The graph view in VS Code: from a pipeline's text to its picture, while a run goes on, and back to the text.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { editorSuite, extensionFolder, until } from "../lib/index.js";

/** The program in a terminal of its own, beside the editor. */
async function reprod(folder: string, ...args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [path.join(extensionFolder(), "dist/cli.js"), ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  const code = await new Promise((done) => child.once("exit", done));
  assert.equal(code, 0, output);
}

editorSuite("graph", { screenshots: "graph-in-vscode" }, async (step) => {
  await step("draws the pipeline that is being edited, beside it", async (editor) => {
    await editor.openFile("weather/weather.reprod");
    await editor.run("Reprod: Show Graph");
    const graph = editor.webview();
    await graph.getByRole("button", { name: /^report, node, Report; target/ }).waitFor();
    await editor.page.getByRole("tab", { name: /^Graph of weather\.reprod/ }).waitFor();
    await graph.getByRole("button", { name: /^year, family, 4 × PickYear; 4 missing/ }).waitFor();
    await editor.screenshot("missing");
  });
  await step("follows a run", async (editor) => {
    const graph = editor.webview();
    await reprod(editor.workspace.path, "run", "weather/weather.reprod");
    await graph.getByRole("button", { name: /^report, node, Report; target; cached/ }).waitFor();
    await graph.getByRole("button", { name: /^year, family, 4 × PickYear; 4 cached/ }).waitFor();
    await editor.screenshot("cached");
  });
  await step("unfolds where it is clicked", async (editor) => {
    const graph = editor.webview();
    await graph.getByRole("button", { name: "Show Everything" }).click();
    await graph
      .getByRole("button", { name: /^chart, family/ })
      .locator(".fold")
      .click();
    await graph.getByRole("button", { name: /^chart\[2012\]/ }).waitFor();
    await editor.screenshot("unfolded");
  });
  await step("shows what an edit makes stale, and why", async (editor) => {
    const file = editor.workspace.at("weather/weather.reprod");
    fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace("= 1.0", "= 2.0"));
    const graph = editor.webview();
    const report = graph.getByRole("button", { name: /^report, node/ });
    await until("the report to be stale", async () =>
      /; (stale|waiting)/.test((await report.getAttribute("aria-label")) ?? ""),
    );
    await graph.locator(".canvas").focus();
    await editor.page.keyboard.press("End");
    await until("the report to be selected", async () =>
      /^report, node, Report\s.*param wet_from 1 → 2/s.test(await graph.locator(".status").innerText()),
    );
    await editor.screenshot("stale");
  });
  await step("leads to the text", async (editor) => {
    await editor
      .webview()
      .getByRole("button", { name: /^normals, node/ })
      .dblclick();
    await until(
      "the cursor to be at the node",
      async () => {
        const status = await editor.status();
        return status.find(({ text }) => /^Ln 25,/.test(text));
      },
      { seen: () => editor.status() },
    );
    await editor.screenshot("text");
  });
  await step("is exported as a file", async (editor) => {
    await editor.webview().getByRole("button", { name: "Export as SVG" }).click();
    await until("the dialog", async () => /weather\.svg$/.test((await editor.readQuickInput()).value));
    await editor.page.keyboard.press("Enter");
    await editor.notification(/The graph is in weather\/weather\.svg/);
    const svg = fs.readFileSync(editor.workspace.at("weather/weather.svg"), "utf8");
    assert.match(svg, /^<svg .*>normals<.*<\/svg>\n$/s);
  });
  await step("comes back with the window", async (editor) => {
    // The command, since a browser's own reload may cut off what VS Code writes down about its editors.
    const loaded = editor.page.waitForEvent("load");
    await editor.run("Developer: Reload Window");
    await loaded;
    await editor.ready();
    const graph = editor.webview();
    await graph.getByRole("button", { name: /^chart\[2012\]/ }).waitFor();
    await editor.screenshot("reloaded");
  });
});
