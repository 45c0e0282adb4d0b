import * as path from "node:path";
import type { DiskFacts } from "../data/facts.js";
import type { AttemptSpec, StagedInput } from "../executors/executor.js";
import { fixedFolder } from "../graph/made.js";
import type { GraphNode, RecipeWhere } from "../graph/model.js";
import type { ResolvedFile, ResolvedIn } from "../graph/recipe.js";
import { DataReference } from "../graph/value.js";
import { handedValues } from "./handed-values.js";
import type { Demand } from "./scheduler.js";

export interface SpecParts {
  readonly node: GraphNode;
  readonly id: string;
  readonly attempt: number;
  readonly folder: string;
  readonly inputs: { readonly [name: string]: ResolvedIn };
  readonly given: Demand;
  readonly where: RecipeWhere;
  readonly engine: "docker" | "podman" | "host";
  readonly facts: DiskFacts;
  readonly timeoutMilliseconds: number | undefined;
  /** Values of secrets by their names. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** One attempt, with everything decided. */
export function attemptSpec(parts: SpecParts): AttemptSpec {
  const { node, inputs, given } = parts;
  const { transform } = node;
  const env: [string, string][] = [];
  const secrets: [string, string][] = [];
  for (const [name, value] of node.env) {
    if (value.kind === "value") env.push([name, value.value]);
    else secrets.push([name, parts.secrets.get(value.name) ?? ""]);
  }
  return {
    id: parts.id,
    node: node.name,
    attempt: parts.attempt,
    folder: parts.folder,
    interpreter: { kind: transform.interpreter.kind, command: transform.interpreter.command },
    script: transform.script,
    values: handedValues(node, inputs, given),
    env: Object.fromEntries(env),
    secrets: Object.fromEntries(secrets),
    inputs: Object.values(inputs).flatMap(stagedInputs),
    folders: outFolders(node),
    where: whereOf(parts),
    network: transform.network,
    cpus: given.cpus,
    memoryBytes: given.memoryBytes,
    timeoutMilliseconds: parts.timeoutMilliseconds,
  };
}

function stagedInputs(value: ResolvedIn): readonly StagedInput[] {
  return resolvedFiles(value).map((file) => ({
    staged: file.name,
    kind: file.kind,
    digest: { sha256: file.sha256, executable: file.executable, size: file.size },
    source: sourceOf(file),
  }));
}

export function resolvedFiles(value: ResolvedIn): readonly ResolvedFile[] {
  if (value === null) return [];
  return isList(value) ? value : [value];
}

function isList(value: ResolvedFile | readonly ResolvedFile[]): value is readonly ResolvedFile[] {
  return Array.isArray(value);
}

/** What a node made, and what was fetched, is in the store by its digest. */
function sourceOf({ source }: ResolvedFile): StagedInput["source"] {
  if (source instanceof DataReference && source.place.kind === "local")
    return { kind: "local", path: source.place.path, exclude: source.exclude };
  return { kind: "object" };
}

/** The folders that outs lie in; a Dir out itself is the script's to make (rule 18). */
function outFolders(node: GraphNode): readonly string[] {
  const folders = new Set<string>();
  for (const out of node.outs) {
    const folder =
      out.kind === "glob" ? fixedFolder(out.path).replace(/\/$/, "") : path.posix.dirname(out.path);
    if (folder !== "." && folder !== "") folders.add(folder);
  }
  return [...folders];
}

function whereOf({ node, where, engine, facts }: SpecParts): AttemptSpec["where"] {
  const { transform } = node;
  if (where.kind === "image") {
    if (engine === "host") throw new Error("an image needs an engine");
    return {
      kind: "image",
      image: imageName(transform.image ?? "", where),
      engine,
      platform: where.platform,
      asImageUser: transform.userImage,
    };
  }
  // The order in which the transform names its tools is the order of the PATH (A7); the interpreter comes last.
  const names = [...transform.tools.map((tool) => tool.name), ...transform.interpreter.command.slice(0, 1)];
  const folders = names.flatMap((name) => {
    const folder = name === "bash" || name === "sh" ? undefined : facts.toolFolder(name);
    return folder === undefined ? [] : [folder];
  });
  return { kind: "host", path: [...new Set(folders)] };
}

/** `repository@sha256:…`: what is run is what the id says, whatever the tag has come to mean since. */
function imageName(written: string, where: RecipeWhere & { readonly kind: "image" }): string {
  if (where.unpinned) return written;
  const repository = written.replace(/@.*$/, "").replace(/:[^/:]+$/, "");
  return `${repository}@${where.image}`;
}
