import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import { FolderWatch } from "../../../server/lsp/folder-watch.js";
import { temporaryFolder } from "../../support/temporary.js";
import { Heard } from "./heard.js";

class Listener extends Heard<string | undefined> {
  async hears(name: string | undefined): Promise<void> {
    await this.next((told) => told === name);
  }
}

function watching(t: TestContext): { readonly watch: FolderWatch; readonly root: string } {
  const watch = new FolderWatch();
  t.after(() => watch.close());
  return { watch, root: temporaryFolder(t) };
}

const write = (...parts: readonly string[]): void => fs.writeFileSync(path.join(...parts), "x");

test("names of what changes in a folder are told, and nothing of what lies below", async (t) => {
  const { watch, root } = watching(t);
  fs.mkdirSync(path.join(root, "below"));
  const listener = new Listener();
  watch.watch(root, listener.hear);
  write(root, "below", "deep.txt");
  write(root, "a.txt");
  await listener.hears("a.txt");
  assert.ok(!listener.told.includes("deep.txt"));
});

test("a folder that is not there is waited for, however much of the way to it is missing", async (t) => {
  const { watch, root } = watching(t);
  const folder = path.join(root, "one", "two", "three");
  const listener = new Listener();
  watch.watch(folder, listener.hear);
  fs.mkdirSync(folder, { recursive: true });
  await listener.hears(undefined);
  write(folder, "a.txt");
  await listener.hears("a.txt");
});

test("a folder that goes and comes back is watched again", async (t) => {
  const { watch, root } = watching(t);
  const folder = path.join(root, "data");
  fs.mkdirSync(folder);
  const listener = new Listener();
  watch.watch(folder, listener.hear);
  fs.rmdirSync(folder);
  await listener.hears(undefined);
  fs.mkdirSync(folder);
  await listener.hears(undefined);
  write(folder, "a.txt");
  await listener.hears("a.txt");
});

test("a folder that is replaced in one go, as `git checkout` does, is watched in its new place", async (t) => {
  const { watch, root } = watching(t);
  const folder = path.join(root, "data");
  fs.mkdirSync(folder);
  const listener = new Listener();
  watch.watch(folder, listener.hear);
  fs.rmdirSync(folder);
  fs.mkdirSync(folder);
  await listener.hears(undefined);
  write(folder, "a.txt");
  await listener.hears("a.txt");
  fs.renameSync(folder, path.join(root, "old"));
  fs.mkdirSync(folder);
  await listener.hears(undefined);
  write(folder, "b.txt");
  await listener.hears("b.txt");
});

test("two who listen, even with one function, are told each, and one may leave", async (t) => {
  const { watch, root } = watching(t);
  const listener = new Listener();
  const other = new Listener();
  const stop = watch.watch(root, listener.hear);
  watch.watch(root, listener.hear);
  const leave = watch.watch(root, other.hear);
  leave();
  fs.mkdirSync(path.join(root, "a"));
  await listener.hears("a");
  stop();
  fs.mkdirSync(path.join(root, "b"));
  await listener.hears("b");
  assert.deepEqual(other.told, []);
});

test("leaving twice does not end the watching of those who came since", async (t) => {
  const { watch, root } = watching(t);
  const leave = watch.watch(root, () => {});
  leave();
  const listener = new Listener();
  watch.watch(root, listener.hear);
  leave();
  write(root, "a.txt");
  await listener.hears("a.txt");
});
