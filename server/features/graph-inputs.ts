import * as path from "node:path";
import { grouped } from "../base/format.js";
import type { Graph, GraphNode, InItem, InValue } from "../graph/model.js";
import { DataReference } from "../graph/value.js";
import { byKey, type Draft, type Folded } from "./graph-folding.js";
import { t } from "./words.js";

export interface InputDraft extends Draft {
  /** Positions of the boxes that read it. */
  readonly readers: readonly number[];
}

/** Data that was there before the pipeline, with the boxes that read it. */
interface Input {
  readonly place: string;
  readonly reference: DataReference;
  readonly readers: Set<number>;
  readonly families: Set<string>;
}

/** This many that the same boxes read are drawn one by one. */
const FEW = 3;

/** The inputs of a folded graph, drawn with the finest folding that needs at most `most` boxes. Linear in what nodes read. */
export function inputDrafts(
  graph: Graph,
  { boxOf }: Folded,
  most: number,
  folder: string,
): readonly InputDraft[] {
  const inputs = inputsOf(graph, boxOf);
  const sameReaders = [...byKey(inputs, ({ readers }) => [...readers].join(" ")).values()];
  const foldings: readonly (() => readonly (readonly Input[])[])[] = [
    () => sameReaders.flatMap((group) => (group.length <= FEW ? group.map((input) => [input]) : [group])),
    () => sameReaders,
    () => [...byKey(inputs, ({ families }) => [...families].join(" ")).values()],
  ];
  for (const folding of foldings) {
    const groups = folding();
    if (groups.length <= most) return groups.map((group) => inputDraft(group, folder));
  }
  return [inputDraft(inputs, folder)];
}

function inputsOf(graph: Graph, boxOf: Int32Array): readonly Input[] {
  const inputs = new Map<string, Input>();
  for (const node of graph.nodes) {
    for (const reference of referencesOf(node)) {
      const place = placeText(reference);
      let input = inputs.get(place);
      if (input === undefined) {
        input = { place, reference, readers: new Set(), families: new Set() };
        inputs.set(place, input);
      }
      input.readers.add(boxOf[node.index] ?? 0);
      input.families.add(node.family);
    }
  }
  return [...inputs.values()];
}

/** What it stages, and what its tools need beside themselves: both are part of its recipe. */
function* referencesOf(node: GraphNode): Iterable<DataReference> {
  for (const value of node.ins)
    for (const { source } of itemsOf(value)) if (source instanceof DataReference) yield source;
  for (const tool of node.transform.tools) yield* tool.also;
}

function itemsOf(value: InValue): readonly InItem[] {
  if (value === null) return [];
  return "source" in value ? [value] : value;
}

function placeText({ place }: DataReference): string {
  return place.kind === "local" ? place.path : place.url;
}

function inputDraft(group: readonly Input[], folder: string): InputDraft {
  const readers = [...new Set(group.flatMap((input) => [...input.readers]))];
  const [first] = group;
  const folders = group.map((input) => folderText(input, folder));
  const detail = folders.reduce(commonStart, folders[0] ?? "");
  const about = { kind: "input", nodes: [], readers } as const;
  if (group.length === 1 && first !== undefined) {
    const label = `${first.reference.baseName}${first.reference.kind === "dir" ? "/" : ""}`;
    return { ...about, id: `input:${first.place}`, label, detail, reference: first.reference };
  }
  const label = t("{0} inputs", grouped(group.length));
  return { ...about, id: `inputs:${first?.place ?? ""}`, label, detail };
}

/** Where it lies, as people say it: `data/reads/`, `s3://bucket/reads/`; empty in the folder itself. */
function folderText({ reference, place }: Input, folder: string): string {
  if (reference.place.kind !== "local") return place.slice(0, place.lastIndexOf("/") + 1);
  const from = path.relative(folder, path.dirname(place)).split(path.sep).join("/");
  return from === "" ? "" : `${from}/`;
}

/** Whole folders only. */
function commonStart(a: string, b: string): string {
  let end = 0;
  for (let at = 0; at < Math.min(a.length, b.length) && a[at] === b[at]; at++)
    if (a[at] === "/") end = at + 1;
  return a.slice(0, end);
}
