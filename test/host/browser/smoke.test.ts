import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { editorTest, extensionFolder, type Theme, themes } from "../lib/index.js";

const installed = fs.existsSync(path.join(extensionFolder(), "dist/client.js"));

for (const theme of Object.keys(themes) as Theme[])
  editorTest(
    `the examples open in the ${theme} theme`,
    { theme, screenshots: "smoke", ...(installed ? {} : { extensions: [] }) },
    async (editor) => {
      await editor.openFile("weather/weather.reprod");
      assert.deepEqual(await editor.tabs(), ["weather.reprod"]);
      await editor.placeOf("target");
      // A lens comes from the language server: all of the extension is up then.
      if (installed) await editor.lens(/Run \d/);
      await editor.screenshot(theme);
    },
  );
