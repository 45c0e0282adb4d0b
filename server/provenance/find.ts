import type { RunId, Sha256 } from "../base/brand.js";
import { parseTree } from "../graph/tree.js";
import type { LocalStore } from "../store/local.js";
import type { ResultRecord } from "../store/record.js";
import { inputFiles, outFiles } from "./trace.js";

/** What a record has to do with a digest. */
export type Finding =
  | { readonly kind: "out"; readonly record: ResultRecord; readonly out: string; readonly path: string }
  /** `path`: where it lies in the folder that the out is. */
  | { readonly kind: "inside"; readonly record: ResultRecord; readonly out: string; readonly path: string }
  /** It was read by this result, and no record says who made it. */
  | { readonly kind: "input"; readonly record: ResultRecord; readonly in: string; readonly from: string };

/**
 * Every record that made these bytes; if none did, every record that read them; each kind oldest first.
 *
 * There is no index that could be behind: the records are searched. A record is parsed only when its bytes hold the
 * digest, so the cost is that of reading the store's records once: some 0.1 s for 10,000, and linear. Folders that
 * are outs are looked into only when nothing else has been found.
 */
export async function findByDigest(store: LocalStore, digest: Sha256): Promise<readonly Finding[]> {
  const made: Finding[] = [];
  const read: Finding[] = [];
  const folders: ResultRecord[] = [];
  for (const recipe of store.recipes()) {
    const bytes = store.recordBytes(recipe);
    // Collected or replaced since the folder was listed.
    if (bytes === undefined) continue;
    const mentioned = bytes.includes(digest);
    if (!mentioned && !bytes.includes('"kind":"dir"')) continue;
    const record = await store.readRecord(recipe);
    if (record === undefined) continue;
    for (const { name, out } of outFiles(record)) {
      if (out.sha256 === digest) made.push({ kind: "out", record, out: name, path: out.path });
      if (out.kind === "dir") folders.push(record);
    }
    for (const { name, file } of inputFiles(record)) {
      if (file.sha256 === digest && file.recipe === undefined) {
        read.push({ kind: "input", record, in: name, from: file.from });
      }
    }
  }
  if (made.length > 0) return oldestFirst(made);
  const inside = findInside(store, new Set(folders), digest);
  return oldestFirst(inside.length > 0 ? inside : read);
}

function findInside(store: LocalStore, records: ReadonlySet<ResultRecord>, digest: Sha256): Finding[] {
  const found: Finding[] = [];
  for (const record of records) {
    for (const { name, out } of outFiles(record)) {
      if (out.kind !== "dir") continue;
      const manifest = store.objects.read(out.sha256)?.toString("utf8");
      if (manifest?.includes(digest) !== true) continue;
      for (const entry of parseTree(manifest)) {
        if (entry.kind === "file" && entry.sha256 === digest) {
          found.push({ kind: "inside", record, out: name, path: `${out.path}/${entry.path}` });
        }
      }
    }
  }
  return found;
}

function oldestFirst(findings: readonly Finding[]): readonly Finding[] {
  // Run ids are ULIDs: their order is that of time.
  return [...findings].sort((a, b) => (a.record.made.run < b.record.made.run ? -1 : 1));
}

/**
 * The last result that a node of this name had, in any pipeline of the project; the newest run that named it decides.
 * Reads names files newest first until one has the node.
 */
export async function findByNode(
  store: LocalStore,
  projectId: string,
  node: string,
): Promise<{ readonly record: ResultRecord; readonly run: RunId } | undefined> {
  const runs: { readonly pipeline: string; readonly run: RunId }[] = [];
  for (const pipeline of store.pipelines(projectId)) {
    for (const run of await store.nameFiles(projectId, pipeline, Number.POSITIVE_INFINITY)) {
      runs.push({ pipeline, run });
    }
  }
  runs.sort((a, b) => (a.run < b.run ? 1 : -1));
  for (const { pipeline, run } of runs) {
    const line = (await store.readNames(projectId, pipeline, run)).find((named) => named.node === node);
    const record = line && (await store.readRecord(line.recipe));
    if (record !== undefined) return { record, run };
  }
  return undefined;
}
