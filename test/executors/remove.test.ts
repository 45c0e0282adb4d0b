import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { FolderRemover } from "../../server/executors/remove.js";
import { temporaryFolder } from "./support.js";

test("folders wait until there are enough of them or the end, and go even when they are closed to their owner", async (t) => {
  const base = temporaryFolder(t);
  const make = (name: string) => {
    const folder = path.join(base, name);
    fs.mkdirSync(path.join(folder, "work", "closed", "deep"), { recursive: true });
    fs.writeFileSync(path.join(folder, "work", "closed", "file"), "x");
    fs.chmodSync(path.join(folder, "work", "closed"), 0o000);
    return folder;
  };
  const remover = new FolderRemover(3);
  const [first, second] = [make("-rf first"), make("second\nline")];
  remover.remove(first);
  remover.remove(second);
  assert.ok(fs.existsSync(first) && fs.existsSync(second));
  await remover.drain();
  assert.deepEqual(fs.readdirSync(base), []);
  await remover.drain();
});
