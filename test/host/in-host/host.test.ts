import assert from "node:assert/strict";
import { suite, test } from "mocha";
import * as vscode from "vscode";

suite("the host", () => {
  test("opens a copy of the examples", async () => {
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    assert.equal(folder?.name, "examples");
    const found = await vscode.workspace.findFiles("**/weather.reprod");
    assert.equal(found.length, 1);
  });
});
