import assert from "node:assert/strict";
import * as fs from "node:fs";
import { type Editor, editorSuite, until } from "../lib/index.js";

const steps = ["open", "states", "run", "explain", "provenance"] as const;

const stepOf = (editor: Editor, id: (typeof steps)[number]) =>
  editor.page.locator(`.getting-started-step[data-step-id$="#${id}"]`);

const isTicked = (editor: Editor, id: (typeof steps)[number]) =>
  stepOf(editor, id).locator(".codicon-getting-started-step-checked").first().waitFor({ state: "visible" });

async function openStep(editor: Editor, id: (typeof steps)[number]): Promise<void> {
  await editor.run("Reprod: Open Walkthrough");
  const step = stepOf(editor, id);
  await step.waitFor();
  if (!/\bexpanded\b/.test((await step.getAttribute("class")) ?? "")) await step.click();
  await editor.webview().locator("svg").first().waitFor();
}

/** At first, views say that they look. */
const welcome = (editor: Editor, view: string, text: RegExp) =>
  until(`the welcome text ${text} of ${view}`, async () => text.test(await editor.welcome(view)), {
    seen: () => editor.welcome(view),
  });

const press = (editor: Editor, name: string) =>
  editor.page.locator(".getting-started-step.expanded").getByRole("button", { name }).click();

editorSuite(
  "first steps",
  {
    workspace: { files: { "notes.txt": "nothing of Reprod is here yet\n" } },
    theme: "dark",
    size: { width: 1500, height: 1000 },
    screenshots: "walk",
  },
  async (step) => {
    await step("a folder without pipelines says what to do, in each view", async (editor) => {
      await editor.openContainer("Reprod");
      await welcome(editor, "Pipelines", /no pipeline in this workspace yet[\s\S]*New Pipeline/);
      await welcome(editor, "Runs", /Nothing has been run here yet/);
      await editor.openView("Resources");
      await welcome(editor, "Resources", /need no account[\s\S]*Choose Profile/);
      await editor.screenshot("1-welcome");
    });
    await step("commands that need a pipeline say that there is none, and offer one", async (editor) => {
      for (const command of ["Run Target", "Show Graph", "Explain State"]) {
        await editor.run(`Reprod: ${command}`);
        const { buttons } = await editor.notification(/no pipeline with nodes/);
        assert.deepEqual(buttons, ["New Pipeline"], command);
        await editor.clearNotifications();
      }
    });
    await step("the walkthrough has five steps, each with a picture", async (editor) => {
      for (const id of steps) await openStep(editor, id);
      assert.equal(await editor.page.locator(".getting-started-step").count(), steps.length);
      await editor.screenshot("2-walkthrough");
    });
    await step(
      "the sample opens beside the walkthrough, which stays, and the step is ticked",
      async (editor) => {
        await openStep(editor, "open");
        await press(editor, "Open the Weather Sample");
        await editor.answer("weather");
        await editor.tab("weather.reprod").waitFor();
        await editor.lens("○ 14 missing");
        assert.ok(fs.existsSync(editor.workspace.at("weather", "seattle-weather.csv")));
        assert.equal((await editor.tabs()).length, 2);
        await openStep(editor, "open");
        await isTicked(editor, "open");
      },
    );
    await step("planning, running, explaining and asking where from tick the others", async (editor) => {
      await openStep(editor, "states");
      await press(editor, "Plan a Run");
      await editor.webview().getByRole("heading", { name: "Plan of weather" }).waitFor();
      await editor.screenshot("3-plan");
      await editor.page
        .locator(".editor-group-container.active .editor-actions")
        .getByRole("button", { name: "Run This Plan" })
        .click();
      await editor.openContainer("Reprod");
      await editor.row("Runs", "weather", /14 made/);
      await openStep(editor, "run");
      await press(editor, "Run the Pipeline");
      await editor.notification(/nothing to run, all 14 nodes are cached/);
      await openStep(editor, "explain");
      await press(editor, "Explain a State");
      await editor.pick("report");
      await editor.tab(/^Explain report/).waitFor();
      await openStep(editor, "provenance");
      await press(editor, "Show Where a File Is From");
      await editor.pick("report");
      await editor.tab(/^Provenance of report/).waitFor();
      await openStep(editor, "provenance");
      for (const id of steps) await isTicked(editor, id);
      await editor.screenshot("4-all-ticked");
    });
    await step(
      "without a folder, views and commands offer to open one, or to make a pipeline",
      async (editor) => {
        await editor.page.goto(`${editor.server.address}/?ew=true`);
        await editor.ready();
        await editor.openContainer("Reprod");
        await welcome(editor, "Pipelines", /Open Folder\s+New Pipeline/);
        await welcome(editor, "Runs", /Open Folder/);
        await editor.run("Reprod: Run Target");
        const { buttons } = await editor.notification(/No folder is open/);
        assert.deepEqual(buttons, ["Open Folder", "New Pipeline"]);
        await editor.screenshot("5-no-folder");
      },
    );
  },
);
