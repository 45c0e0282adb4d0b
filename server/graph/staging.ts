import { stagingCollision } from "./checks/staging-collision.js";
import type { InItem, InValue } from "./model.js";
import { nodeOf } from "./nodes.js";
import { Trouble } from "./reports.js";
import type { LoweredIn } from "./transforms.js";
import { DataReference, OutReference, type Value } from "./value.js";
import { isList } from "./values.js";

/**
 * Where each in of a node is staged (rule 19): in `inputs/` under its own base name. Single ins take their names
 * first, then lists, so that an element steps aside for a single in whatever the order of the text. A glob out, whose
 * names only a run knows, gets a folder named like its in. Every out of an upstream node must have its path.
 */
export function stageIns(ins: readonly LoweredIn[], values: readonly Value[]): readonly InValue[] | Trouble {
  if (ins.length === 0) return NONE;
  const staged: InValue[] = ins.map(() => null);
  const given = values.filter((value) => value !== null);
  const [alone] = given;
  // A single file has nothing to collide with.
  if (alone === undefined) return staged;
  if (given.length === 1 && !isList(alone)) {
    const position = values.indexOf(alone);
    const source = sourceOf(alone);
    staged[position] = { source, staged: singlePath(ins[position], source) };
    return staged;
  }
  const taken = new TakenPaths();
  for (const [position, declared] of ins.entries()) {
    const value = values[position] ?? null;
    if (value === null || isList(value)) continue;
    const source = sourceOf(value);
    const path = singlePath(declared, source);
    const first = taken.take(path, declared.name);
    if (first !== undefined) return collision(path, first, declared.name);
    staged[position] = { source, staged: path };
  }
  for (const [position, declared] of ins.entries()) {
    const value = values[position] ?? null;
    if (value === null || !isList(value)) continue;
    const items: InItem[] = [];
    for (const [index, element] of value.entries()) {
      const item = stageElement(sourceOf(element), index, declared.name, value.length, taken);
      if (item instanceof Trouble) return item;
      items.push(item);
    }
    staged[position] = items;
  }
  return staged;
}

function singlePath(declared: LoweredIn | undefined, source: DataReference | OutReference): string {
  return `inputs/${declared?.stagedAs ?? baseName(source)}`;
}

function stageElement(
  source: DataReference | OutReference,
  index: number,
  name: string,
  count: number,
  taken: TakenPaths,
): InItem | Trouble {
  if (source instanceof OutReference && nodeOf(source).outs[source.index]?.kind === "glob") {
    const folder = count === 1 ? `inputs/${name}` : `inputs/${name}/${index}`;
    const first = taken.take(folder, name);
    return first === undefined ? { source, staged: `${folder}/` } : collision(folder, first, name);
  }
  const base = baseName(source);
  const path = `inputs/${base}`;
  if (taken.take(path, name) === undefined) return { source, staged: path };
  const aside = `inputs/${index}/${base}`;
  const first = taken.take(aside, name);
  return first === undefined ? { source, staged: aside } : collision(aside, first, name);
}

/** One for all nodes without ins. */
const NONE: readonly never[] = [];

const NOT_ASCII = /[^\0-\x7f]/;

/** Paths of one node's ins. No file may be where another file or its folder is, ignoring case. */
class TakenPaths {
  /** Files and folders of ins, with the in that has it. */
  readonly #leaves = new Map<string, string>();
  /** Folders above them; rarely any. */
  #folders: Map<string, string> | undefined;

  /** Takes a path, or gives the name of the in that is in the way. */
  take(path: string, name: string): string | undefined {
    const folded = (NOT_ASCII.test(path) ? path.normalize("NFC") : path).toLowerCase();
    const inTheWay = this.#leaves.get(folded) ?? this.#folders?.get(folded);
    if (inTheWay !== undefined) return inTheWay;
    let above: string[] | undefined;
    // `inputs/` itself is everybody's.
    for (let end = folded.lastIndexOf("/"); end > "inputs".length; end = folded.lastIndexOf("/", end - 1)) {
      const folder = folded.slice(0, end);
      const leaf = this.#leaves.get(folder);
      if (leaf !== undefined) return leaf;
      above ??= [];
      above.push(folder);
    }
    this.#leaves.set(folded, name);
    for (const folder of above ?? []) {
      this.#folders ??= new Map();
      this.#folders.set(folder, name);
    }
    return undefined;
  }
}

function collision(path: string, first: string, second: string): Trouble {
  const which = first === second ? `in "${first}" twice` : `ins "${first}" and "${second}"`;
  return new Trouble(
    stagingCollision,
    `two files would be staged at one path, ${which}: ${JSON.stringify(path)}`,
  );
}

function sourceOf(value: Value): DataReference | OutReference {
  if (value instanceof DataReference || value instanceof OutReference) return value;
  throw new Error("the type of an in lets only data through");
}

function baseName(source: DataReference | OutReference): string {
  if (source instanceof DataReference) return source.baseName;
  const path = nodeOf(source).outs[source.index]?.path ?? "";
  return path.slice(path.lastIndexOf("/") + 1);
}
