import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { after, before, describe } from "node:test";
import { editorTest, root, until } from "../lib/index.js";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "reprod-package-"));
const vsix = path.join(folder, "reprod.vsix");

/** What users install: in a clean VS Code, in a folder that knows nothing of this checkout. */
describe("the packaged extension", () => {
  before(() => {
    execFileSync(process.execPath, ["scripts/package.mjs", "--out", vsix], {
      cwd: root,
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, REPROD_DIST: undefined },
    });
    const { size } = fs.statSync(vsix);
    assert.ok(size < 2 * 1024 * 1024, `${size} bytes`);
  });
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  editorTest(
    "installs, makes a pipeline from a sample and runs it",
    {
      extensions: [{ vsix }],
      workspace: { files: { "notes.txt": "nothing of Reprod is here yet\n" } },
      theme: "dark",
      screenshots: "package",
    },
    async (editor) => {
      await editor.openContainer("Reprod");
      assert.match(await editor.welcome("Pipelines"), /\S/);
      await editor.screenshot("1-empty");
      await editor.run("Reprod: New Pipeline");
      await editor.pick("Four years of weather in Seattle");
      await editor.answer("seattle");
      await until("the sample", () => fs.existsSync(editor.workspace.at("seattle", "weather.reprod")));
      await editor.lens("○ 14 missing");
      await editor.screenshot("2-sample");
      await editor.run("Reprod: Run Target");
      await editor.lens("✓ 14 cached");
      await editor.screenshot("3-cached");
    },
  );
});
