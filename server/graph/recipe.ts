import { hash } from "node:crypto";
import type { ContentId, OwnId, RecipeId, Sha256 } from "../base/brand.js";
import { canonicalNumber, canonicalString, canonicalText } from "./canonical.js";
import type { Facts } from "./facts.js";
import { madeItems, stagedPathOf } from "./made.js";
import type {
  Graph,
  GraphNode,
  GraphTransform,
  InItem,
  NodeIds,
  NodeOut,
  Recipe,
  RecipeFile,
  RecipeIn,
  RecipeWhere,
  RecordedOut,
  TaggedValue,
} from "./model.js";
import { itemsOf } from "./nodes.js";
import {
  BytesValue,
  DataReference,
  DurationValue,
  FloatValue,
  JsonValue,
  OutReference,
  type Value,
} from "./value.js";

/**
 * Raised when the meaning of execution changes for the same recipe: prelude, staging layout or environment of a
 * script (engine-rules.md A5). All results of the old meaning are then of another recipe.
 */
export const SEMANTICS = 1;

/** What a node made, by the names of its outs. */
export type MadeOuts = { readonly [out: string]: RecordedOut };

/** The ids are not known yet, and why: an input without digest, a tool that is not found, or an upstream like that. */
export interface UnknownIds {
  readonly unknown: string;
}

export function idsKnown(ids: NodeIds | UnknownIds): ids is NodeIds {
  return !("unknown" in ids);
}

/** A file that a node reads, as it really is: what the content id sees and what is staged. */
export interface ResolvedFile {
  /** Staged path. */
  readonly name: string;
  readonly kind: "file" | "dir";
  readonly executable: boolean;
  readonly sha256: Sha256;
  /** Bytes. */
  readonly size: number;
  readonly source: DataReference | OutReference;
  /** Recipe that made it, for an out of a node. */
  readonly recipe: RecipeId | undefined;
}
export type ResolvedIn = null | ResolvedFile | readonly ResolvedFile[];

/** The part of a recorded input that counts for the content id; `RecordedInput` of a stored record has this shape. */
export interface ContentFile {
  readonly name: string;
  readonly kind: "file" | "dir";
  readonly executable: boolean;
  readonly sha256: Sha256;
}
export type ContentIn = null | ContentFile | readonly ContentFile[];

export interface IdentifierOptions {
  /** Whether transforms with an image run in it; decided once for a checkout (A9). */
  readonly useImages: boolean;
  /** Platform of images: `linux/amd64`. */
  readonly platform: string;
}

/**
 * Ids of the nodes of one graph, memoized: children count by their id, so a row of diamonds costs what a chain does.
 * Linear in nodes and edges; some 10 µs a node.
 */
export class Identifier {
  readonly #facts: Facts;
  readonly #options: IdentifierOptions;
  readonly #ids: (NodeIds | UnknownIds | undefined)[];
  readonly #frames = new Map<GraphTransform, TransformFrame | UnknownIds>();

  constructor(graph: Graph, facts: Facts, options: IdentifierOptions) {
    this.#facts = facts;
    this.#options = options;
    this.#ids = new Array<undefined>(graph.nodes.length).fill(undefined);
  }

  /** Recipe id and own id; the content id only where no in is made by a node. Never throws for unknown facts. */
  ids(node: GraphNode): NodeIds | UnknownIds {
    const known = this.#ids[node.index];
    if (known !== undefined) return known;
    // Asked in the order of the graph, every upstream has its ids.
    if (node.upstream.every((upstream) => this.#ids[upstream.index] !== undefined)) {
      const ids = this.#identify(node);
      this.#ids[node.index] = ids;
      return ids;
    }
    // An explicit stack: chains are as long as people like.
    const stack: GraphNode[] = [node];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const missing = top.upstream.filter((upstream) => this.#ids[upstream.index] === undefined);
      if (missing.length > 0) {
        stack.push(...missing);
        continue;
      }
      this.#ids[top.index] ??= this.#identify(top);
      stack.pop();
    }
    return this.#ids[node.index] ?? { unknown: `the node is not of this graph: "${node.name}"` };
  }

  /** The recipe in full, as it is stored beside the result; made anew at each call. */
  recipe(node: GraphNode): Recipe | UnknownIds {
    const ids = this.ids(node);
    if (!idsKnown(ids)) return ids;
    const where = this.#where(node.transform);
    if ("unknown" in where) return where;
    const ins: { [name: string]: RecipeIn } = {};
    for (const [position, { name }] of node.transform.ins.entries()) {
      const value = node.ins[position] ?? null;
      const files: RecipeFile[] = [];
      for (const item of itemsOf(value)) {
        const file = this.#recipeFile(item);
        if ("unknown" in file) return file;
        files.push(file);
      }
      setOwn(ins, name, isList(value) ? files : (files[0] ?? null));
    }
    return recipeParts(node, where, ins);
  }

  /**
   * The content id, once `made` knows what every upstream node made; undefined until then. Not memoized, since what
   * upstream nodes made may change with the store; costs about as much as one hash.
   */
  content(node: GraphNode, made: (upstream: GraphNode) => MadeOuts | undefined): ContentId | undefined {
    const ids = this.ids(node);
    if (!idsKnown(ids)) return undefined;
    if (node.upstream.length === 0) return ids.content;
    const frame = this.#frame(node.transform);
    if ("unknown" in frame) return undefined;
    const ins = this.#insText(node, frame, (item) => this.#contentText(item, made));
    return ins === undefined ? undefined : asContentId(this.#hash("content", node, frame, ins));
  }

  /**
   * Every in with what it really is, by name: to stage it and to record it (`inputs` of a record). Undefined while a
   * digest or an upstream result is missing.
   */
  inputs(
    node: GraphNode,
    made: (upstream: GraphNode) => MadeOuts | undefined,
  ): { readonly [name: string]: ResolvedIn } | undefined {
    const inputs: { [name: string]: ResolvedIn } = {};
    for (const [position, { name }] of node.transform.ins.entries()) {
      const value = node.ins[position] ?? null;
      const files: ResolvedFile[] = [];
      for (const item of itemsOf(value)) {
        const more = this.#resolve(item, made);
        if (more === undefined) return undefined;
        files.push(...more);
      }
      setOwn(inputs, name, isList(value) ? files : (files[0] ?? null));
    }
    return inputs;
  }

  #identify(node: GraphNode): NodeIds | UnknownIds {
    const frame = this.#frame(node.transform);
    if ("unknown" in frame) return frame;
    const ins = this.#insText(node, frame, this.#recipeText);
    if (typeof ins !== "string") return ins;
    return new NodeIdsOnDemand(this.#hash("recipe", node, frame, ins), node, this);
  }

  /** For `NodeIdsOnDemand`: the own id, and the content id of a node that reads no other. */
  hashFor(kind: "own" | "content", node: GraphNode): string {
    const frame = this.#frame(node.transform);
    const ins = "unknown" in frame ? frame : this.#insText(node, frame, this.#ownText);
    if ("unknown" in frame || typeof ins !== "string")
      throw new Error(`the node has a recipe id, but no own id: "${node.name}"`);
    return this.#hash(kind, node, frame, ins);
  }

  #hash(kind: "recipe" | "own" | "content", node: GraphNode, frame: TransformFrame, ins: string): string {
    return hash("sha256", `reprod-${kind}-1\n${head(node)}${ins}${frame.body(kind, node)}`, "hex");
  }

  /** The ins as the canonical text has them, each item by `textOf`; an item without text takes no place in a list. */
  #insText<Unknown>(
    node: GraphNode,
    frame: TransformFrame,
    textOf: (item: InItem) => string | Unknown,
  ): string | Unknown {
    let ins = "";
    for (const { position, prefix } of frame.ins) {
      const value = node.ins[position] ?? null;
      let text = "";
      for (const item of itemsOf(value)) {
        const more = textOf(item);
        if (typeof more !== "string") return more;
        if (more !== "") text += text === "" ? more : `,${more}`;
      }
      ins += `${ins === "" ? "" : ","}${prefix}${isList(value) ? `[${text}]` : text || "null"}`;
    }
    return ins;
  }

  readonly #recipeText = (item: InItem): string | UnknownIds => {
    if (item.source instanceof DataReference) return this.#dataText(item, item.source);
    const { node } = item.source;
    const upstream = this.#ids[node.index];
    if (upstream === undefined || !idsKnown(upstream)) return unknownUpstream(node, upstream);
    const out = canonicalString(outName(item.source));
    return `{"name":${canonicalString(item.staged)},"out":${out},"recipe":"${upstream.recipe}"}`;
  };

  readonly #ownText = (item: InItem): string | UnknownIds => {
    if (item.source instanceof DataReference) return this.#dataText(item, item.source);
    return `{"name":${canonicalString(item.staged)},"out":${canonicalString(outName(item.source))}}`;
  };

  #frame(transform: GraphTransform): TransformFrame | UnknownIds {
    let frame = this.#frames.get(transform);
    if (frame === undefined) {
      const where = this.#where(transform);
      frame = "unknown" in where ? where : new TransformFrame(transform, where);
      this.#frames.set(transform, frame);
    }
    return frame;
  }

  #where(transform: GraphTransform): RecipeWhere | UnknownIds {
    if (transform.image !== undefined && this.#options.useImages) {
      const { platform } = this.#options;
      // A digest in the text names the image whatever the lock says, so filling the lock changes no id.
      const inText = /@(sha256:[0-9a-f]{64})$/.exec(transform.image)?.[1];
      if (inText !== undefined) return { kind: "image", image: inText, unpinned: false, platform };
      const pinned = this.#facts.image(transform.image, platform);
      if (pinned.kind === "known") return { kind: "image", image: pinned.value, unpinned: false, platform };
      return { kind: "image", image: transform.image, unpinned: true, platform };
    }
    const tools: { [name: string]: string } = {};
    const names = new Set(transform.tools.map((tool) => tool.name));
    const interpreter = transform.interpreter.command[0];
    if (interpreter !== undefined) names.add(interpreter);
    for (const name of names) {
      // The shells are everywhere and what scripts use of them is stable (A8).
      if (name === "bash" || name === "sh") {
        setOwn(tools, name, name);
        continue;
      }
      const tool = this.#facts.tool(name);
      if (tool.kind === "absent") return { unknown: tool.message };
      if (tool.kind === "unknown") return { unknown: tool.reason };
      setOwn(tools, name, tool.value.sha256);
    }
    for (const { name, also } of transform.tools) {
      for (const [position, file] of also.entries()) {
        const digest = this.#facts.digest(file);
        if (digest.kind === "absent") return { unknown: digest.message };
        if (digest.kind === "unknown") return { unknown: digest.reason };
        setOwn(tools, `${name}/${position}/${file.baseName}`, digest.value.sha256);
      }
    }
    return { kind: "host", platform: this.#facts.host.platform, tools };
  }

  #dataText(item: InItem, data: DataReference): string | UnknownIds {
    const digest = this.#facts.digest(data);
    if (digest.kind === "absent") return { unknown: digest.message };
    if (digest.kind === "unknown") return { unknown: digest.reason };
    return fileText(item.staged, data.kind, digest.value.executable, digest.value.sha256);
  }

  #contentText(item: InItem, made: (upstream: GraphNode) => MadeOuts | undefined): string | undefined {
    if (item.source instanceof DataReference) {
      const text = this.#dataText(item, item.source);
      return typeof text === "string" ? text : undefined;
    }
    const files = madeItems(item.source, made);
    if (files === undefined) return undefined;
    let text = "";
    for (const file of files) {
      const staged = stagedPathOf(item, file);
      text += `${text === "" ? "" : ","}${fileText(staged, file.kind, file.executable, file.sha256)}`;
    }
    return text;
  }

  #resolve(
    item: InItem,
    made: (upstream: GraphNode) => MadeOuts | undefined,
  ): readonly ResolvedFile[] | undefined {
    const { source } = item;
    if (source instanceof DataReference) {
      const digest = this.#facts.digest(source);
      if (digest.kind !== "known") return undefined;
      return [{ name: item.staged, kind: source.kind, ...digest.value, source, recipe: undefined }];
    }
    const ids = this.ids(source.node);
    const files = madeItems(source, made);
    if (files === undefined || !idsKnown(ids)) return undefined;
    return files.map(({ kind, executable, sha256, size, ...file }) => ({
      name: stagedPathOf(item, file),
      kind,
      executable,
      sha256,
      size,
      source,
      recipe: ids.recipe,
    }));
  }

  #recipeFile(item: InItem): RecipeFile | UnknownIds {
    if (item.source instanceof OutReference) {
      const ids = this.ids(item.source.node);
      if (!idsKnown(ids)) return unknownUpstream(item.source.node, ids);
      return { name: item.staged, recipe: ids.recipe, out: outName(item.source) };
    }
    const digest = this.#facts.digest(item.source);
    if (digest.kind === "absent") return { unknown: digest.message };
    if (digest.kind === "unknown") return { unknown: digest.reason };
    const { executable, sha256 } = digest.value;
    return { name: item.staged, kind: item.source.kind, executable, sha256 };
  }
}

/**
 * The parts of a recipe. Each is there because two nodes that differ in it may make different bytes:
 */
function recipeParts(
  node: GraphNode,
  where: RecipeWhere,
  ins: { readonly [name: string]: RecipeIn },
): Recipe {
  const { transform } = node;
  const env: { [name: string]: string } = {};
  // Secrets are left out: they open doors, they do not say what is behind them (rule 21).
  for (const [name, value] of node.env) if (value.kind === "value") setOwn(env, name, value.value);
  const params: { [name: string]: TaggedValue } = {};
  for (const [position, { name }] of transform.params.entries())
    setOwn(params, name, taggedValue(node.params[position] ?? null));
  const outs: { [name: string]: { kind: "file" | "dir" | "glob"; optional: boolean; path: string } } = {};
  for (const { name, kind, optional, path } of node.outs) setOwn(outs, name, { kind, optional, path });
  return {
    // A hash of one kind of text is never taken for one of another kind.
    kind: "reprod-recipe-1",
    // The same text may mean another execution in a later version of the engine.
    semantics: SEMANTICS,
    // The programs and libraries that run, and for which machine they were built.
    where,
    // The same script means different things to different interpreters.
    interpreter: transform.interpreter.command,
    script: transform.script,
    // A script that may reach the network may come back with what it found there.
    network: transform.network,
    // Programs change what they do by their environment.
    env,
    // The script reads them as variables, by these names and with these types.
    params,
    // Content, and the staged name: programs choose by extension, and write paths into what they make.
    ins,
    // Their names decide what a consumer gets, their paths are variables of the script.
    outs,
  };
}

/** SHA-256 of the recipe's canonical text; a stored record is right only if this is its key (D8). */
export function recipeIdOf(recipe: Recipe): RecipeId {
  return asRecipeId(sha256(`reprod-recipe-1\n${canonicalText(recipe)}`));
}

/** The recipe with each upstream reference replaced by its out name (B2): blind to what upstream nodes are made of. */
export function ownIdOf(recipe: Recipe): OwnId {
  const ins: { [name: string]: unknown } = {};
  for (const [name, value] of Object.entries(recipe.ins)) {
    const own = (file: RecipeFile) => ("recipe" in file ? { name: file.name, out: file.out } : file);
    setOwn(ins, name, value === null ? null : isList(value) ? value.map(own) : own(value));
  }
  return asOwnId(sha256(`reprod-own-1\n${canonicalText({ ...recipe, kind: "reprod-own-1", ins })}`));
}

/**
 * The content id that belongs to a recipe whose ins were `inputs` (the `inputs` of a stored record fit as they are).
 * Undefined when they cannot be the inputs of this recipe: other names, or another digest than the recipe itself says.
 */
export function contentIdOf(
  recipe: Recipe,
  inputs: { readonly [name: string]: ContentIn },
): ContentId | undefined {
  const names = Object.keys(recipe.ins);
  if (names.length !== Object.keys(inputs).length) return undefined;
  const ins: { [name: string]: unknown } = {};
  for (const name of names) {
    const declared = recipe.ins[name];
    const given = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
    if (declared === undefined || given === undefined || !fits(declared, given)) return undefined;
    const plain = ({ name, kind, executable, sha256 }: ContentFile) => ({ name, kind, executable, sha256 });
    setOwn(ins, name, given === null ? null : isList(given) ? given.map(plain) : plain(given));
  }
  const text = canonicalText({ ...recipe, kind: "reprod-content-1", ins });
  return asContentId(sha256(`reprod-content-1\n${text}`));
}

/** Files of the recipe must stand among the inputs unchanged and in order; outs of nodes may be any number of files. */
function fits(declared: RecipeIn, given: ContentIn): boolean {
  if (declared === null) return given === null;
  if (isList(declared) !== isList(given)) return false;
  const files = given === null ? [] : isList(given) ? given : [given];
  let at = 0;
  for (const file of isList(declared) ? declared : [declared]) {
    if ("recipe" in file) continue;
    while (at < files.length && !sameFile(file, files[at])) at++;
    if (at === files.length) return false;
    at++;
  }
  return true;
}

function sameFile(a: ContentFile, b: ContentFile | undefined): boolean {
  return (
    b !== undefined &&
    a.name === b.name &&
    a.sha256 === b.sha256 &&
    a.executable === b.executable &&
    a.kind === b.kind
  );
}

/** A value that says what type it has, so that `1`, `1.0`, `"1"` and `true` are never the same text (A5). */
export function taggedValue(value: Value): TaggedValue {
  if (value === null) return null;
  if (typeof value === "string") return { String: value };
  if (typeof value === "boolean") return { Bool: value };
  // Decimal text: a reader with doubles would merge integers.
  if (typeof value === "number") return { Int: String(value) };
  if (value instanceof FloatValue) return { Float: value.value };
  if (value instanceof BytesValue) return { Bytes: String(value.bytes) };
  if (value instanceof DurationValue) return { Duration: String(value.milliseconds) };
  if (value instanceof JsonValue) return { Json: value.value };
  if (Array.isArray(value)) return { List: value.map(taggedValue) };
  throw new Error("data and nodes are never the value of a param");
}

/** `canonicalText(taggedValue(value))` without the object between, for the path that 100,000 nodes take. */
function taggedText(value: Value): string {
  if (typeof value === "string") return `{"String":${canonicalString(value)}}`;
  if (typeof value === "number") return `{"Int":"${value}"}`;
  if (value instanceof FloatValue) return `{"Float":${canonicalNumber(value.value)}}`;
  return canonicalText(taggedValue(value));
}

/**
 * The canonical text of a recipe with everything that the nodes of a transform share written once. A property test
 * holds it equal to `canonicalText` of the same recipe. The keys in canonical order: env, ins, interpreter, kind,
 * network, outs, params, script, semantics, where.
 */
class TransformFrame {
  readonly ins: readonly Field[];
  readonly #params: readonly Field[];
  readonly #interpreter: string;
  readonly #network: string;
  readonly #end: string;
  #outs: readonly Field[] | undefined;
  /** The outs written last, and their text: mostly all nodes of a transform share one list. */
  #lastOuts: readonly NodeOut[] | undefined;
  #lastOutsText = "";

  constructor(transform: GraphTransform, where: RecipeWhere) {
    this.ins = fields(transform.ins, () => "");
    this.#params = fields(transform.params, () => "");
    this.#interpreter = canonicalText(transform.interpreter.command);
    this.#network = String(transform.network);
    const script = canonicalString(transform.script);
    this.#end = `},"script":${script},"semantics":${SEMANTICS},"where":${canonicalText(where)}}`;
  }

  /** All that follows the ins. */
  body(kind: "recipe" | "own" | "content", node: GraphNode): string {
    let text = `},"interpreter":${this.#interpreter},"kind":"reprod-${kind}-1","network":${this.#network},"outs":{`;
    text += `${this.#outsText(node.outs)}},"params":{`;
    let comma = "";
    for (const { position, prefix } of this.#params) {
      text += `${comma}${prefix}${taggedText(node.params[position] ?? null)}`;
      comma = ",";
    }
    return text + this.#end;
  }

  #outsText(outs: readonly NodeOut[]): string {
    if (outs === this.#lastOuts) return this.#lastOutsText;
    this.#outs ??= fields(outs, ({ kind, optional }) => `{"kind":"${kind}","optional":${optional},"path":`);
    let text = "";
    for (const { position, prefix } of this.#outs)
      text += `${text === "" ? "" : ","}${prefix}${canonicalString(outs[position]?.path ?? "")}}`;
    this.#lastOuts = outs;
    this.#lastOutsText = text;
    return text;
  }
}

/**
 * The recipe id is asked of every node, the others of few: what is cached needs no own id, and without upstream no
 * content id either. So they are hashed when they are first asked for, which spares a plan two thirds of its hashes.
 */
class NodeIdsOnDemand implements NodeIds {
  readonly recipe: RecipeId;
  readonly #node: GraphNode;
  readonly #identifier: Identifier;
  #own: OwnId | undefined;
  #content: ContentId | undefined;

  constructor(recipe: string, node: GraphNode, identifier: Identifier) {
    this.recipe = asRecipeId(recipe);
    this.#node = node;
    this.#identifier = identifier;
  }

  get own(): OwnId {
    this.#own ??= asOwnId(this.#identifier.hashFor("own", this.#node));
    return this.#own;
  }

  get content(): ContentId | undefined {
    if (this.#node.upstream.length > 0) return undefined;
    this.#content ??= asContentId(this.#identifier.hashFor("content", this.#node));
    return this.#content;
  }
}

interface Field {
  readonly position: number;
  /** `"name":` and what follows it for every node. */
  readonly prefix: string;
}

function fields<T extends { readonly name: string }>(
  items: readonly T[],
  more: (item: T) => string,
): readonly Field[] {
  return items
    .map((item, position) => ({
      name: item.name,
      position,
      prefix: `${canonicalString(item.name)}:${more(item)}`,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ position, prefix }) => ({ position, prefix }));
}

/** All that comes before the ins. */
function head(node: GraphNode): string {
  if (node.env.size === 0) return '{"env":{},"ins":{';
  const names = [...node.env.keys()].sort();
  let text = "";
  for (const name of names) {
    const value = node.env.get(name);
    if (value?.kind !== "value") continue;
    text += `${text === "" ? "" : ","}${canonicalString(name)}:${canonicalString(value.value)}`;
  }
  return `{"env":{${text}},"ins":{`;
}

function fileText(staged: string, kind: "file" | "dir", executable: boolean, digest: Sha256): string {
  return `{"executable":${executable},"kind":"${kind}","name":${canonicalString(staged)},"sha256":"${digest}"}`;
}

function isList<T extends object>(value: null | T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

/** Defines, rather than assigns, so that a param called `__proto__` is a property like any other. */
function setOwn<T>(object: { [name: string]: T }, name: string, value: T): void {
  Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
}

function outName(reference: OutReference): string {
  return reference.node.outs[reference.index]?.name ?? "";
}

function unknownUpstream(node: GraphNode, ids: UnknownIds | undefined): UnknownIds {
  return ids ?? { unknown: `an upstream node has no id, "${node.name}"` };
}

function sha256(text: string): string {
  return hash("sha256", text, "hex");
}

function asRecipeId(hex: string): RecipeId {
  return hex as RecipeId;
}
function asOwnId(hex: string): OwnId {
  return hex as OwnId;
}
function asContentId(hex: string): ContentId {
  return hex as ContentId;
}
