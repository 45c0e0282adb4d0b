import assert from "node:assert/strict";
import { test } from "node:test";
import { printTree, treeDigest } from "../../server/graph/tree.js";
import { findByDigest, findByNode } from "../../server/provenance/find.js";
import { openLocalStore } from "../../server/store/local-store.js";
import { sha256Of } from "../../server/store/objects.js";
import { namesLineOf, recordOf, runId, storedRecord, temporaryFolder } from "../support/store.js";

const source = sha256Of(Buffer.from("a source"));

test("a digest finds who made it, oldest first; a source's digest finds who read it", async (t) => {
  const store = openLocalStore(temporaryFolder(t));
  const ins = { data: { name: "inputs/s", kind: "file", executable: false, sha256: source } } as const;
  const inputs = { data: { ...ins.data, size: 8, from: "data/s" } } as const;
  const second = storedRecord(store, "two", "same", { run: runId(2), recipe: { ins }, inputs });
  const first = storedRecord(store, "one", "same", { run: runId(1) });
  const other = storedRecord(store, "three", "other");
  for (const record of [second, first, other]) await store.commit(record);
  await store.flush();

  const made = await findByDigest(store, sha256Of(Buffer.from("same")));
  assert.deepEqual(
    made.map(({ kind, record }) => [kind, record.recipeId]),
    [
      ["out", first.recipeId],
      ["out", second.recipeId],
    ],
  );
  const read = await findByDigest(store, source);
  assert.deepEqual(
    read.map((finding) => [finding.kind, finding.record.recipeId, finding.kind === "input" && finding.from]),
    [["input", second.recipeId, "data/s"]],
  );
  assert.deepEqual(await findByDigest(store, sha256Of(Buffer.from("never made"))), []);
});

test("a file inside a folder that is an out is found with its path", async (t) => {
  const store = openLocalStore(temporaryFolder(t));
  const inside = store.objects.putText("inside");
  const manifest = printTree([
    { kind: "folder", path: "a" },
    { kind: "file", path: "a/b.txt", executable: false, sha256: inside, size: 6 },
  ]);
  store.objects.putText(manifest);
  const sha256 = treeDigest(manifest);
  const record = recordOf("folder", {
    all: { path: "out", kind: "dir", executable: false, sha256, size: 6 },
  });
  await store.commit(record);
  await store.flush();
  const found = await findByDigest(store, inside);
  assert.deepEqual(
    found.map((finding) => [finding.kind, "path" in finding && finding.path]),
    [["inside", "out/a/b.txt"]],
  );
  assert.equal((await findByDigest(store, sha256))[0]?.kind, "out");
});

test("a node is found in the newest run that named it, whatever its pipeline is called", async (t) => {
  const store = openLocalStore(temporaryFolder(t));
  const old = storedRecord(store, "old", "old", { node: 'n["a/b"]', run: runId(1) });
  const newer = storedRecord(store, "new", "new", { node: 'n["a/b"]', run: runId(2) });
  for (const record of [old, newer]) await store.commit(record);
  await store.writeNames("abcdefghijkl", "p/ü", runId(1), [namesLineOf(old)]);
  await store.writeNames("abcdefghijkl", "q", runId(2), [namesLineOf(newer)]);
  const found = await findByNode(store, "abcdefghijkl", 'n["a/b"]');
  assert.deepEqual([found?.run, found?.record.recipeId], [runId(2), newer.recipeId]);
  assert.equal(await findByNode(store, "abcdefghijkl", "nothing"), undefined);
  assert.equal(await findByNode(store, "zzzzzzzzzzzz", 'n["a/b"]'), undefined);
});
