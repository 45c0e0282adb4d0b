import assert from "node:assert/strict";
import { editorSuite, examples } from "../lib/index.js";

/** The main way through the editor on the variants example, in a real VS Code: states, why, run, explorer, log, graph. */
editorSuite(
  "the variants example",
  { workspace: examples, theme: "dark", size: { width: 1500, height: 1440 }, screenshots: "variants" },
  async (step) => {
    await step(
      "opening a pipeline shows what was never made, in lenses, hints and the gutter",
      async (editor) => {
        await editor.openFile("variants/variants.reprod");
        await editor.lens(/Run 29$/);
        await editor.lens("○ 29 missing");
        const signs = await editor.gutterSigns();
        assert.ok(signs.length >= 3, JSON.stringify(signs));
        await editor.screenshot("1-opened");
      },
    );
    await step(
      "the lens runs it, after the plan was shown; the explorer follows until it is done",
      async (editor) => {
        await editor.clickLens(/Run 29$/);
        await editor.notification(/Plan of variants/);
        await editor.screenshot("2-plan");
        await editor.pressNotification(/Plan of variants/, "Run 29 Nodes");
        await editor.openContainer("Reprod");
        await editor.row("Runs", "variants", /29 made|done/);
        await editor.screenshot("3-done");
        await editor.lens("✓ 29 cached");
        await editor.screenshot("4-cached");
      },
    );
    await step(
      "a param that is edited makes what rests on it stale, with the reason, within a second",
      async (editor) => {
        await editor.openFile("variants/variants.reprod");
        await editor.goTo(10, 25);
        await editor.page.keyboard.press("Backspace");
        const began = Date.now();
        await editor.page.keyboard.type("5");
        await editor.lens(/stale: param min_depth 4 → 5/);
        const took = Date.now() - began;
        assert.ok(took < 1_000, `the reason was there after ${took} ms`);
        await editor.screenshot("5-stale");
      },
    );
    await step("hovering over a node tells what is known of it", async (editor) => {
      const shown = await editor.hover("filtered[name]", /param min_depth/);
      for (const part of [/3 nodes/, /recipe/, /Explain/]) assert.match(shown, part);
      await editor.screenshot("6-hover");
      await editor.unhover();
    });
    await step("the reason opens a page that tells the whole way from the cause", async (editor) => {
      await editor.clickLens(/stale: param min_depth 4 → 5/);
      await editor.pick(/ANN1117/);
      await editor.webview().getByText("A run makes it again").first().waitFor();
      await editor.screenshot("7-explain");
    });
    await step("the graph shows the cause and what waits for it", async (editor) => {
      await editor.openFile("variants/variants.reprod");
      await editor.run("Reprod: Show Graph");
      await editor
        .webview()
        .getByRole("button", { name: /zoom in/i })
        .waitFor();
      await editor.screenshot("8-graph");
      await editor.run("View: Close Editor");
    });
    await step(
      "the family whose param changed runs, and what waited for it is cached again",
      async (editor) => {
        await editor.openFile("variants/variants.reprod");
        await editor.clickLens(/Run 7 of 29/);
        await editor.lens("✓ 29 cached");
        await editor.row("Runs", "variants", /7 made|made/);
      },
    );
    await step("how the report was made is one click away", async (editor) => {
      await editor.openFile("variants/variants.reprod", { line: 59 });
      await editor.run("Reprod: Show Provenance");
      await editor.pick(/^report/);
      await editor.webview().getByText("lambda.fa").first().waitFor();
      await editor.screenshot("9-provenance");
    });
  },
);
