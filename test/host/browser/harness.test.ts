// The harness against an extension of its own: when VS Code changes what it shows, this fails before all others do.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { editorSuite, editorTest, out, until } from "../lib/index.js";

const extensions = [{ folder: path.join(out, "probe") }];
const files = {
  "rules.probe": "rule one\nfine\nrule two\n",
  "deep/other.probe": "other\n",
  "notes.md": "# Notes\n",
};

editorSuite("harness", { extensions, workspace: { files }, env: { PROBE_ENV: "given" } }, async (step) => {
  await step("opens files and reads their text", async (editor) => {
    await editor.openFile("deep/other.probe");
    await editor.openFile("rules.probe", { line: 3, column: 2 });
    assert.deepEqual(await editor.tabs(), ["other.probe", "rules.probe"]);
    assert.deepEqual((await editor.visibleLines()).slice(1, 2), ["fine"]);
  });
  await step("reads and clicks lenses, with a command and without", async (editor) => {
    await editor.lens("Run line 3");
    assert.deepEqual(await editor.lenses(), ["Run line 1", "cached", "Run line 3", "cached"]);
    await editor.clickLens("Run line 3");
    const { severity } = await editor.notification("row of line 3");
    assert.equal(severity, "info");
    await editor.clearNotifications();
  });
  await step("reads hints and signs", async (editor) => {
    await until("the hint", async () => (await editor.visibleLines()).includes("rule onehint 1"));
    const signs = await editor.gutterSigns();
    assert.deepEqual(
      signs.map(({ line }) => line),
      [1, 3],
    );
    assert.match(signs[0]?.image ?? "", /svg/);
  });
  await step("hovers over text", async (editor) => {
    assert.match(await editor.hover("two", "hover on two"), /^a hover on two/);
    await editor.unhover();
    assert.match(await editor.hover("fine"), /^a hover on fine/);
    await editor.unhover();
  });
  await step("types, and reads problems", async (editor) => {
    await editor.clickText("fine", { at: "end" });
    await editor.page.keyboard.type(" BAD");
    await editor.squiggles("error").first().waitFor();
    await editor.problem(/BAD is bad/);
    await editor.run("View: Toggle Panel Visibility");
    await editor.run("File: Save");
    await until("the file to be saved", () =>
      fs.readFileSync(editor.workspace.at("rules.probe"), "utf8").includes("BAD"),
    );
  });
  await step("applies a quick fix and lists completions", async (editor) => {
    assert.ok((await editor.quickFixes("BAD")).includes("Make it good"));
    await editor.applyQuickFix("BAD", "Make it good");
    await editor.placeOf("fine GOOD");
    await editor.goTo(4);
    await editor.page.keyboard.type("fin");
    assert.deepEqual(await editor.completions(), ["finest", "finished"]);
    await editor.page.keyboard.press("Enter");
    assert.equal((await editor.visibleLines())[3], "finest");
    await editor.run("File: Save");
  });
  await step("offers commands in the palette", async (editor) => {
    const titles = await editor.palette("Probe: Ask");
    assert.deepEqual(titles.slice(0, 2).sort(), ["Probe: Ask Modally", "Probe: Ask Twice"]);
  });
  await step("answers quick picks and input boxes", async (editor) => {
    await editor.run("Probe: Ask Twice");
    await editor.pickShown("Which One");
    const { title, placeholder, choices } = await editor.readQuickInput();
    assert.equal(title, "Which One");
    assert.equal(placeholder, "one of them");
    assert.deepEqual(choices, [
      { label: "first", description: "of two", detail: "" },
      { label: "second", description: "", detail: "the last one" },
    ]);
    await editor.pick("second");
    await editor.pickShown("How Many");
    await editor.answer("many");
    await until("the refusal", async () => (await editor.readQuickInput()).message.includes("not a number"));
    await editor.answer("12");
    await editor.notification("chose second 12");
    await editor.clearNotifications();
  });
  await step("reads notifications and presses their buttons", async (editor) => {
    await editor.run("Probe: Show Messages");
    await editor.notification("one error");
    assert.deepEqual(await editor.notifications(), [
      { severity: "warning", message: "one warning", buttons: [] },
      { severity: "error", message: "one error", buttons: ["Try Again", "Leave"] },
    ]);
    await editor.pressNotification("one error", "Try Again");
    await editor.notification("pressed Try Again");
    await editor.clearNotifications();
  });
  await step("reads modal dialogs and presses their buttons", async (editor) => {
    await editor.run("Probe: Ask Modally");
    const { message, detail, buttons } = await editor.dialog();
    assert.equal(message, "Do it?");
    assert.equal(detail, "It costs nothing.");
    assert.deepEqual([...buttons].sort(), ["Cancel", "Do Half", "Do It"]);
    await editor.pressDialog("Do Half");
    await editor.notification("answered Do Half");
    await editor.clearNotifications();
  });
  await step("reads trees, unfolds rows, presses their actions", async (editor) => {
    await editor.openContainer("Probe Container");
    await editor.row("Rows", "group", "about group");
    await editor.expand("Rows", "group");
    await editor.row("Rows", "beta");
    const [group, alpha] = await editor.rows("Rows");
    assert.deepEqual(
      [group?.label, group?.level, group?.expanded, group?.icon],
      ["group", 1, true, "folder"],
    );
    assert.deepEqual(
      [alpha?.label, alpha?.description, alpha?.level, alpha?.expanded, alpha?.icon, alpha?.spoken],
      ["alpha", "about alpha", 2, undefined, "check", "alpha spoken"],
    );
    assert.equal(await editor.tooltip(await editor.row("Rows", "alpha")), "more of alpha");
    assert.deepEqual(await editor.rowActions("Rows", "beta"), ["Press Row"]);
    await editor.pressRowAction("Rows", "beta", "Press Row");
    await editor.notification("row beta");
    assert.deepEqual(await editor.openRowMenu("Rows", "alpha"), ["Press Row"]);
    await editor.chooseFromMenu("Press Row");
    await editor.notification("row alpha");
    await editor.pressViewAction("Rows", "Refresh Rows");
    await editor.notification("refreshed");
    assert.match(await editor.welcome("Nothing"), /Nothing is here\.\s+Tell Facts/);
    await editor.clearNotifications();
  });
  await step("reads the status bar", async (editor) => {
    await editor.statusItem("probe is up").waitFor();
    const item = (await editor.status()).find(({ text }) => text === "probe is up");
    assert.equal(item?.spoken, "probe is ready");
  });
  await step("works in web pages", async (editor) => {
    await editor.run("Probe: Show Web Page");
    const page = editor.webview();
    await page.getByRole("heading", { name: "a heading" }).waitFor();
    await page.getByRole("button", { name: "Say Hello" }).click();
    await editor.notification("page says hello");
    await editor.clearNotifications();
  });
  await step("shows previews of documents", async (editor) => {
    await editor.openFile("notes.md");
    await editor.run("Markdown: Open Preview");
    await editor.webview().getByRole("heading", { name: "Notes" }).waitFor();
  });
  await step("gives its environment to the extension", async (editor) => {
    await editor.run("Probe: Tell Facts");
    await editor.notification("trusted true, folders project, env given");
    await editor.clearNotifications();
  });
  await step("reloads the window", async (editor) => {
    await editor.reload();
    await editor.statusItem("probe is up").waitFor();
    assert.ok((await editor.tabs()).includes("rules.probe"));
  });
});

editorTest(
  "several folders in a window, none of them trusted",
  {
    extensions,
    trust: "restricted",
    workspace: {
      files: {
        "both.code-workspace": JSON.stringify({ folders: [{ path: "a" }, { path: "b" }] }),
        "a/one.probe": "rule a\n",
        "b/two.probe": "rule b\n",
      },
    },
  },
  async (editor) => {
    await editor.statusItem("Restricted Mode").waitFor();
    await editor.openFile("b/two.probe");
    assert.deepEqual(await editor.visibleLines(), ["rule b", ""]);
  },
);

editorTest(
  "a folder that is asked about, with an extension in development",
  { development: path.join(out, "probe"), trust: "ask", workspace: { files } },
  async (editor) => {
    const { buttons } = await editor.dialog();
    assert.deepEqual([...buttons].sort(), ["No, I don't trust the authors", "Yes, I trust the authors"]);
    await editor.pressDialog("Yes, I trust the authors");
    await editor.statusItem("probe is up").waitFor();
  },
);
