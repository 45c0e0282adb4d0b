import { createHash } from "node:crypto";
import * as path from "node:path";
import type { ContentId, RecipeId, RunId } from "../base/brand.js";
import type { AttemptResult } from "../executors/executor.js";
import { withoutCredentials } from "../graph/data-references.js";
import type { GraphNode, Recipe } from "../graph/model.js";
import type { MadeOuts, ResolvedFile, ResolvedIn } from "../graph/recipe.js";
import { DataReference } from "../graph/value.js";
import type {
  AttemptRecord,
  Making,
  RecordedInput,
  RecordedInputFile,
  ResultRecord,
} from "../store/record.js";
import type { StoredResult } from "../store/store.js";

/** What all records of a run say alike. */
export interface MakingBase {
  readonly pipeline: string;
  /** Of the pipeline file, relative to the project root. */
  readonly file: string;
  readonly projectId: string;
  /** Absolute: places of inputs are told relative to it. */
  readonly projectRoot: string;
  readonly run: RunId;
  readonly git: Making["git"];
  readonly executor: string;
  readonly engine: string;
  readonly reprodVersion: string;
}

interface Identity {
  readonly node: GraphNode;
  readonly recipeId: RecipeId;
  readonly contentId: ContentId;
  readonly recipe: Recipe;
  readonly inputs: { readonly [name: string]: ResolvedIn };
}

/** The record of a node that was made by the attempts given, the last of which went well. */
export function madeRecord(
  base: MakingBase,
  identity: Identity,
  outs: MadeOuts,
  attempts: readonly AttemptRecord[],
  result: AttemptResult,
): ResultRecord {
  return {
    ...start(base, identity, outs),
    made: making(base, identity, attempts, result.startedAt, result.endedAt),
  };
}

/** The record of a node whose content id another recipe has (A4): its own recipe and inputs, the other's outs. */
export function adoptedRecord(
  base: MakingBase,
  identity: Identity,
  from: StoredResult,
  now: string,
): ResultRecord {
  return {
    ...start(base, identity, from.outs),
    adoptedFrom: from.recipe,
    made: making(base, identity, [], now, now),
  };
}

/** SHA-256 of a record's text, as the store has it: what a run is pinned to (A2). */
export function recordDigest(record: ResultRecord): string {
  const { format, recipeId, contentId, adoptedFrom, outs, recipe, inputs, made } = record;
  const text = JSON.stringify({ format, recipeId, contentId, adoptedFrom, outs, recipe, inputs, made });
  return createHash("sha256").update(text).digest("hex");
}

function start(base: MakingBase, identity: Identity, outs: MadeOuts): Omit<ResultRecord, "made"> {
  const inputs: [string, RecordedInput][] = [];
  for (const name of Object.keys(identity.inputs))
    inputs.push([name, recordedInput(base, identity.inputs[name] ?? null)]);
  return {
    format: 1,
    recipeId: identity.recipeId,
    contentId: identity.contentId,
    recipe: identity.recipe,
    inputs: Object.fromEntries(inputs),
    outs,
  };
}

function making(
  base: MakingBase,
  { node, recipe }: Identity,
  attempts: readonly AttemptRecord[],
  startedAt: string,
  endedAt: string,
): Making {
  return {
    node: node.name,
    pipeline: base.pipeline,
    file: base.file,
    projectId: base.projectId,
    run: base.run,
    ...(base.git !== undefined && { git: base.git }),
    executor: base.executor,
    engine: recipe.where.kind === "host" ? "host" : base.engine,
    // On a host nothing keeps a script from the network (A13).
    network: recipe.where.kind === "host" || node.transform.network ? "open" : "none",
    platform: recipe.where.platform,
    reprodVersion: base.reprodVersion,
    startedAt,
    endedAt,
    attempts,
  };
}

function recordedInput(base: MakingBase, value: ResolvedIn): RecordedInput {
  if (value === null) return null;
  if (isList(value)) return value.map((file) => recordedFile(base, file));
  return recordedFile(base, value);
}

function isList(value: ResolvedFile | readonly ResolvedFile[]): value is readonly ResolvedFile[] {
  return Array.isArray(value);
}

function recordedFile(base: MakingBase, file: ResolvedFile): RecordedInputFile {
  const { name, kind, executable, sha256, size, source, recipe } = file;
  return {
    name,
    kind,
    executable,
    sha256,
    size,
    from: placeOf(base, source),
    ...(recipe !== undefined && { recipe }),
  };
}

function placeOf(base: MakingBase, source: ResolvedFile["source"]): string {
  if (!(source instanceof DataReference))
    return `${source.node.name}.${source.node.outs[source.index]?.name ?? ""}`;
  if (source.place.kind !== "local") return withoutCredentials(source.place.url);
  const relative = path.relative(base.projectRoot, source.place.path);
  return relative.startsWith("..") ? source.place.path : relative;
}
