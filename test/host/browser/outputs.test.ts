import assert from "node:assert/strict";
import { type Editor, editorSuite, examples } from "../lib/index.js";

/** The buttons above the editor in front. */
const titleButton = (editor: Editor, name: string) =>
  editor.page.locator(".editor-group-container.active .editor-actions").getByRole("button", { name });

async function reveal(editor: Editor, family: string, member?: RegExp): Promise<void> {
  await editor.openFile("weather/weather.reprod");
  await editor.run("Reprod: Reveal Output");
  await editor.pick(family);
  if (member !== undefined) await editor.pick(member);
}

editorSuite(
  "outputs",
  { workspace: examples, theme: "light", size: { width: 1500, height: 1000 }, screenshots: "outputs" },
  async (step) => {
    await step("a node that was never made has none, and can be run from the message", async (editor) => {
      await editor.openFile("weather/weather.reprod");
      await editor.lens(/14 missing/);
      await reveal(editor, "report");
      const { buttons } = await editor.notification(/report has no result yet/);
      assert.deepEqual(buttons, ["Run Node"]);
      await editor.clearNotifications();
      await editor.clickLens(/Run 14$/);
      await editor.lens("✓ 14 cached");
    });
    await step("a picture opens as a picture, with its provenance one button away", async (editor) => {
      await reveal(editor, "chart", /2013/);
      await editor.webview().locator("img").waitFor();
      await editor.screenshot("1-picture");
      await titleButton(editor, "Show Provenance").click();
      await editor.webview().getByText("seattle-weather.csv").first().waitFor();
      await editor.tab(/^Provenance of 2013\.svg/).waitFor();
      await editor.screenshot("2-its-provenance");
    });
    await step("a table opens as text that cannot be changed", async (editor) => {
      await reveal(editor, "normals");
      await editor.tab("normals.csv").waitFor();
      await editor.placeOf("month,high,low,rain,wet_days");
      await titleButton(editor, "Show Provenance").waitFor();
      await editor.goTo(1, 1);
      await editor.page.keyboard.type("x");
      await editor.page.getByText("This is a result in the store of Reprod").first().waitFor();
      assert.equal((await editor.visibleLines())[0], "month,high,low,rain,wet_days");
      await editor.page.keyboard.press("Escape");
      await editor.run("Reprod: Show Provenance");
      await editor.tab(/^Provenance of normals\.csv/).waitFor();
      await editor.webview().getByText("How normals.csv was made").waitFor();
    });
    await step("what is published opens in its place, with the same button", async (editor) => {
      await reveal(editor, "report");
      await editor.tab("seattle.html").waitFor();
      await editor.placeOf("<!doctype html>");
      await titleButton(editor, "Show Provenance").click();
      await editor.webview().getByText("How seattle.html was made").waitFor();
      await editor.screenshot("3-published");
    });
    await step("the palette asks whether the file in the editor is meant", async (editor) => {
      await editor.openFile("weather/results/seattle.html");
      await editor.run("Reprod: Show Provenance");
      await editor.pickShown("Show Provenance");
      await editor.pick("weather/results/seattle.html");
      await editor.webview().getByText("How seattle.html was made").waitFor();
    });
    await step("a file that nothing here has made is told, with what to do", async (editor) => {
      await editor.openFile("weather/SOURCE.md");
      await editor.tab("SOURCE.md").click({ button: "right" });
      await editor.menu();
      await editor.chooseFromMenu("Show Provenance");
      const { severity, message } = await editor.notification(/No result that is stored here/);
      assert.equal(severity, "error");
      assert.match(message, /What to do: /);
      await editor.clearNotifications();
    });
  },
);
