import type { RecipeId } from "../base/brand.js";
import { canonicalText } from "../graph/canonical.js";
import type { Recipe, TaggedValue } from "../graph/model.js";
import type { ResultRecord } from "../store/record.js";
import { type Ancestry, outFiles, type TracedInput, type TracedRecord } from "./trace.js";

/** Styles of a line's parts; a face maps them to colours. */
export interface Style {
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
  /** Makes text of records safe to show on one line. */
  readonly plain: (text: string) => string;
}

/**
 * How a result was made, in lines: the tree of what it was made from, down to the sources with their digests, and
 * then every script once with the nodes that ran it. A record that has been told is referred to, so that the length
 * is linear in records and inputs.
 */
export function tellAncestry(ancestry: Ancestry, style: Style): readonly string[] {
  return [...tree(ancestry, style), "", ...scripts(ancestry, style)];
}

// ---------------------------------------------------------------- the tree

interface Pending {
  readonly recipe: RecipeId;
  readonly input: TracedInput | undefined;
  /** What stands before the line's own branch: bars of the branches that go on. */
  readonly indentation: string;
  readonly branch: "" | "├─ " | "└─ ";
}

/** Deeper branches stay in this column: a chain of thousands would otherwise take a text as long as its square. */
const WIDEST_INDENTATION = 3 * 20;

function tree(ancestry: Ancestry, style: Style): readonly string[] {
  const lines: string[] = [];
  const told = new Set<RecipeId>();
  // A stack instead of recursion: chains of thousands of nodes are usual.
  const stack: (Pending | string)[] = [
    { recipe: ancestry.root, input: undefined, indentation: "", branch: "" },
  ];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (typeof next === "string") {
      lines.push(next);
      continue;
    }
    const traced = ancestry.records.get(next.recipe);
    if (traced === undefined) continue;
    const head = `${style.faint(next.indentation + next.branch)}${label(next.input, style)}`;
    const title = recordTitle(traced.record, style);
    if (told.has(next.recipe)) {
      lines.push(`${head}${title} ${style.faint("(told above)")}`);
      continue;
    }
    told.add(next.recipe);
    lines.push(`${head}${title} ${style.faint(madeText(traced.record))}`);
    const bars =
      next.branch === "" ? next.indentation : `${next.indentation}${next.branch === "└─ " ? "   " : "│  "}`;
    const below = bars.slice(-WIDEST_INDENTATION);
    stack.push(...childrenOf(traced, below, ancestry, style).reverse());
  }
  return lines;
}

/** Params, then one branch an input; what was read from one maker by one in is one branch. */
function childrenOf(
  traced: TracedRecord,
  indentation: string,
  ancestry: Ancestry,
  style: Style,
): (Pending | string)[] {
  const params = Object.entries(traced.record.recipe.params);
  const lines: (Pending | string)[] = [];
  const branches = oncePerMaker(traced.inputs);
  if (params.length > 0) {
    const text = params.map(([name, value]) => `${name} = ${valueText(value)}`).join(", ");
    const bar = branches.length > 0 ? "│  " : "   ";
    lines.push(style.faint(`${indentation}${bar}${style.plain(text)}`));
  }
  branches.forEach((input, index) => {
    const branch = index === branches.length - 1 ? "└─ " : "├─ ";
    const { origin } = input;
    if (origin.kind === "made" && ancestry.records.has(origin.recipe)) {
      lines.push({ recipe: origin.recipe, input, indentation, branch });
    } else
      lines.push(`${style.faint(indentation + branch)}${label(input, style)}${sourceText(input, style)}`);
  });
  return lines;
}

function oncePerMaker(inputs: readonly TracedInput[]): readonly TracedInput[] {
  const seen = new Set<string>();
  return inputs.filter(({ name, origin }) => {
    if (origin.kind === "source") return true;
    const key = `${origin.recipe} ${name}`;
    return !seen.has(key) && seen.add(key);
  });
}

function label(input: TracedInput | undefined, style: Style): string {
  return input === undefined ? "" : `${style.plain(input.name)}: `;
}

function recordTitle(record: ResultRecord, style: Style): string {
  return style.strong(style.plain(record.made.node));
}

function madeText(record: ResultRecord): string {
  const ran = record.made.attempts.at(-1)?.usage.wallMilliseconds;
  const took =
    ran === undefined ? "" : ran < 1000 ? `, ${Math.round(ran)} ms` : `, ${(ran / 1000).toFixed(1)} s`;
  const adopted =
    record.adoptedFrom === undefined ? "" : `, same as recipe ${record.adoptedFrom.slice(0, 12)}`;
  return `recipe ${record.recipeId.slice(0, 12)}, ${record.made.startedAt.slice(0, 19).replace("T", " ")} UTC${took}${adopted}`;
}

function sourceText({ file, origin }: TracedInput, style: Style): string {
  const digest = style.faint(`sha256 ${file.sha256}`);
  switch (origin.kind) {
    case "source":
      return `${style.strong(style.plain(file.from))}  ${digest}`;
    case "forgotten":
      return `${style.plain(file.from)}  ${digest}  (its record, ${origin.recipe.slice(0, 12)}, is not in this store)`;
    case "remade":
      return `${style.plain(file.from)}  ${digest}  (recipe ${origin.recipe.slice(0, 12)}, which gave other bytes since)`;
    case "made":
      return `${style.plain(file.from)}  ${digest}`;
  }
}

/** A value as it would be written in a pipeline file, as far as JSON says it. */
export function valueText(value: TaggedValue): string {
  if (value === null) return "null";
  const [tag, content] = Object.entries(value)[0] ?? ["", null];
  switch (tag) {
    case "String":
    case "Bool":
    case "Float":
      return JSON.stringify(content);
    case "List":
      return Array.isArray(content) ? `[${content.map(valueText).join(", ")}]` : JSON.stringify(content);
    case "Bytes":
      return `${String(content)} B`;
    case "Duration":
      return `${String(content)} ms`;
    default:
      return typeof content === "string" ? content : JSON.stringify(content);
  }
}

// ---------------------------------------------------------------- the scripts

/** Scripts in the order in which they ran first, with where they ran and the values of each node. */
function scripts(ancestry: Ancestry, style: Style): readonly string[] {
  const groups = new Map<string, { readonly recipe: Recipe; readonly records: ResultRecord[] }>();
  for (const { record } of ancestry.records.values()) {
    const { recipe } = record;
    const key = canonicalText([recipe.where, recipe.interpreter, recipe.script]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { recipe, records: [record] });
    else group.records.push(record);
  }
  return [...groups.values()].flatMap(({ recipe, records }, index) => [
    ...(index === 0 ? [] : [""]),
    `${style.strong(namesText(records, style))} ran ${interpreterText(recipe, style)}`,
    ...recipe.script
      .replace(/\n+$/, "")
      .split("\n")
      .map((line) => `    ${line.split("\t").map(style.plain).join("\t")}`),
  ]);
}

const NAMES_SHOWN = 6;

function namesText(records: readonly ResultRecord[], style: Style): string {
  const names = records.slice(0, NAMES_SHOWN).map((record) => style.plain(record.made.node));
  const more = records.length - names.length;
  return `${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function interpreterText({ where, interpreter }: Recipe, style: Style): string {
  const command = style.plain(interpreter.join(" "));
  if (where.kind === "image") {
    return `${command} in ${style.plain(where.image)} for ${where.platform}${where.unpinned ? " (not pinned)" : ""}`;
  }
  // bash and sh count by name, so their digest is their name and tells nothing.
  const tools = Object.entries(where.tools)
    .filter(([name, digest]) => name !== digest)
    .map(([name, digest]) => `${style.plain(name)} ${digest.slice(0, 12)}`);
  return `${command} on the host, ${where.platform}${tools.length === 0 ? "" : `, with ${tools.join(", ")}`}`;
}

/** Where and when one result was made: what the record says beyond the recipe. */
export function tellMaking(record: ResultRecord, style: Style): readonly string[] {
  const { made } = record;
  const lines = [
    `made by    ${style.strong(style.plain(made.node))} of ${style.plain(made.file)}`,
    `recipe     ${record.recipeId}`,
    `content    ${record.contentId}`,
    `run        ${made.run}, ${made.startedAt} to ${made.endedAt}`,
    `where      ${style.plain(made.executor)} (${style.plain(made.engine)}), ${style.plain(made.platform)}, network ${made.network}, Reprod ${style.plain(made.reprodVersion)}`,
  ];
  if (made.git !== undefined) {
    const { commit, clean, remote } = made.git;
    const from = remote === undefined ? "" : ` of ${style.plain(remote)}`;
    lines.push(
      `git        ${style.plain(commit)}${from}${clean ? "" : ", with changes that were not committed"}`,
    );
  }
  if (record.adoptedFrom !== undefined) lines.push(`same as    recipe ${record.adoptedFrom}`);
  for (const { name, out } of outFiles(record)) {
    lines.push(
      `out        ${style.plain(name)}: ${style.plain(out.path)}  ${style.faint(`sha256 ${out.sha256}, ${out.size} bytes`)}`,
    );
  }
  return lines;
}
