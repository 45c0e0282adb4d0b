import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { TestContext } from "node:test";
import { isRunId, type RunId } from "../../server/base/brand.js";
import type { Recipe, RecordedFile, RecordedOut } from "../../server/graph/model.js";
import { contentIdOf, ownIdOf, recipeIdOf } from "../../server/graph/recipe.js";
import type { LocalStore } from "../../server/store/local.js";
import { sha256Of } from "../../server/store/objects.js";
import type { NamesLine, RecordedInput, ResultRecord } from "../../server/store/record.js";

/** A folder that is removed after the test. */
export function temporaryFolder(context: TestContext, parent = os.tmpdir()): string {
  const folder = fs.mkdtempSync(path.join(parent, "reprod-"));
  context.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The nth run id of a time (ten characters; of 2024 where none is given): later numbers are later runs. */
export function runId(n: number, time = "01JD000000"): RunId {
  const id = `${time}${String(n).padStart(16, "0")}`;
  if (!isRunId(id)) throw new Error(`no run id: ${id}`);
  return id;
}

export function recipeOf(script: string, more: Partial<Recipe> = {}): Recipe {
  return {
    kind: "reprod-recipe-1",
    semantics: 1,
    where: { kind: "host", platform: "linux/amd64", tools: { sh: "sh" } },
    interpreter: ["sh"],
    script,
    network: false,
    env: {},
    params: { n: { Int: "1" } },
    ins: {},
    outs: { out: { kind: "file", optional: false, path: "out.txt" } },
    ...more,
  };
}

export interface RecordParts {
  readonly recipe?: Partial<Recipe>;
  readonly inputs?: { readonly [name: string]: RecordedInput };
  readonly run?: RunId;
  readonly node?: string;
}

/** A record that is right in every part; `script` makes it different from others. */
export function recordOf(
  script: string,
  outs: { readonly [name: string]: RecordedOut },
  parts: RecordParts = {},
): ResultRecord {
  const recipe = recipeOf(script, parts.recipe);
  const inputs = parts.inputs ?? {};
  const contentId = contentIdOf(recipe, inputs);
  if (contentId === undefined) throw new Error("these are not the inputs of this recipe");
  return {
    format: 1,
    recipeId: recipeIdOf(recipe),
    contentId,
    recipe,
    inputs,
    outs,
    made: {
      node: parts.node ?? "made",
      pipeline: "test",
      file: "test.reprod",
      projectId: "abcdefghijkl",
      run: parts.run ?? runId(1),
      executor: "local",
      engine: "host",
      network: "open",
      platform: "linux/amd64",
      reprodVersion: "0.1.0",
      startedAt: "2026-01-01T00:00:00.000Z",
      endedAt: "2026-01-01T00:00:01.000Z",
      attempts: [
        {
          number: 1,
          exitCode: 0,
          usage: {
            wallMilliseconds: 1000,
            cpuMilliseconds: 10,
            peakMemoryBytes: 1_000_000,
            cpus: 1,
            memoryBytes: 1_000_000_000,
          },
        },
      ],
    },
  };
}

export function fileOut(store: LocalStore, text: string, at = "out.txt"): RecordedFile {
  const sha256 = store.objects.putText(text);
  return { path: at, kind: "file", executable: false, sha256, size: Buffer.byteLength(text) };
}

/** A record with one out of this text, whose object is in the store. */
export function storedRecord(
  store: LocalStore,
  script: string,
  text: string,
  parts: RecordParts = {},
): ResultRecord {
  return recordOf(script, { out: fileOut(store, text) }, parts);
}

export function namesLineOf(record: ResultRecord): NamesLine {
  return {
    node: record.made.node,
    own: ownIdOf(record.recipe),
    recipe: record.recipeId,
    content: record.contentId,
    outs: record.outs,
    from: "made",
  };
}

/** Where the store keeps a record, for tests that damage it. */
export function recordPath(store: LocalStore, record: { readonly recipeId: string }): string {
  return path.join(store.folder, "results", record.recipeId.slice(0, 2), `${record.recipeId}.json`);
}

/** Overwrites a read-only file as a disk fault or a stranger would. */
export function damage(file: string, change: (bytes: Buffer) => string | Buffer): void {
  const bytes = fs.readFileSync(file);
  fs.chmodSync(file, 0o644);
  fs.writeFileSync(file, change(bytes));
  fs.chmodSync(file, 0o444);
}

export async function hashFile(file: string): Promise<ReturnType<typeof sha256Of>> {
  return sha256Of(fs.readFileSync(file));
}
