import { outBeforeRun } from "../language/checks/out-before-run.js";
import { wrongType } from "../language/checks/wrong-type.js";
import { badOperand } from "./checks/bad-operand.js";
import type { Base } from "./data-references.js";
import type { Expressions } from "./expressions.js";
import { arithmetic, float, int } from "./numbers.js";
import { Trouble } from "./reports.js";
import { plainRows } from "./tables.js";
import { BytesValue, DataReference, FloatValue, JsonValue, OutReference, type Value } from "./value.js";
import { compareValues, describe, identityOf, isList, textOf, valueFromJson } from "./values.js";

/** What a function may ask for besides its arguments. */
export interface FunctionCall {
  readonly expressions: Expressions;
  readonly named: ReadonlyMap<string, Value>;
  /** Where relative paths start: the folder of the file that holds the call. */
  readonly base: Base;
  readonly outPath: (reference: OutReference) => string;
  readonly sizeOf: ((data: DataReference | OutReference) => number) | undefined;
}

export type FunctionOfValues = (given: readonly Value[], call: FunctionCall) => Value | Trouble;

/** How a function of the language computes; its types and documentation are in `language/functions.ts`. */
export function functionNamed(name: string): FunctionOfValues | undefined {
  return implementations.get(name);
}

const DIGESTS = ["sha256", "sha512", "sha1", "md5"];

const table: { readonly [name: string]: FunctionOfValues } = {
  file([path], { expressions, named, base }) {
    if (typeof path !== "string") return wrong("file", "a path", path);
    const kind = DIGESTS.find((name) => typeof named.get(name) === "string");
    const digest = kind === undefined ? undefined : `${kind}:${textOf(named.get(kind) ?? null) ?? ""}`;
    return expressions.data.make("file", path, base, { verify: digest });
  },
  files([pattern], { expressions, base }) {
    if (typeof pattern !== "string") return wrong("files", "a pattern", pattern);
    if (base.kind !== "folder") throw new Error("calls stand in files, which lie in folders");
    const paths = expressions.known(expressions.facts.glob(base.folder, pattern), `the files "${pattern}"`);
    if (paths instanceof Trouble) return paths;
    const over = expressions.budget.elements(paths.length);
    return over ?? each(paths, (path) => expressions.data.make("file", path, base));
  },
  dir([path], { expressions, named, base }) {
    if (typeof path !== "string") return wrong("dir", "a path", path);
    const patterns = named.get("exclude") ?? [];
    const exclude = isList(patterns) ? patterns.filter((pattern) => typeof pattern === "string") : [];
    return expressions.data.make("dir", path, base, { exclude });
  },
  csv: ([source], call) => rows(source, ",", call),
  tsv: ([source], call) => rows(source, "\t", call),
  json([source], call) {
    const data = sourceOf(source, call);
    if (data instanceof Trouble) return data;
    const { expressions } = call;
    const json = expressions.known(expressions.facts.json(data.place), `the JSON file "${data.baseName}"`);
    return json instanceof Trouble ? json : valueFromJson(json);
  },
  lines([source], call) {
    const data = sourceOf(source, call);
    if (data instanceof Trouble) return data;
    const { expressions } = call;
    const lines = expressions.known(expressions.facts.lines(data.place), `the file "${data.baseName}"`);
    if (lines instanceof Trouble) return lines;
    return expressions.budget.elements(lines.length) ?? lines;
  },
  unique([list]) {
    if (!isArray(list)) return wrong("unique", "a list", list);
    const seen = new Map<string, Value>();
    for (const item of list) {
      const identity = identityOf(item);
      if (!seen.has(identity)) seen.set(identity, item);
    }
    return [...seen.values()];
  },
  sort([list]) {
    if (!isArray(list)) return wrong("sort", "a list", list);
    const [first] = list;
    for (const item of list) {
      if (first !== undefined && compareValues(first, item) === undefined)
        return new Trouble(wrongType, `${describe(first)} and ${describe(item)} have no order`);
    }
    return [...list].sort((a, b) => compareValues(a, b) ?? 0);
  },
  flatten([lists]) {
    if (!isArray(lists)) return wrong("flatten", "a list of lists", lists);
    const items: Value[] = [];
    for (const inner of lists) {
      // A glob out is a list already; where it is absent there is nothing to join.
      if (isArray(inner)) for (const item of inner) items.push(item);
      else if (inner instanceof OutReference) items.push(inner);
      else if (inner !== null) return wrong("flatten", "a list of lists", inner);
    }
    return items;
  },
  len([value]) {
    if (typeof value === "string") return [...value].length;
    return isArray(value) ? value.length : wrong("len", "a list or String", value);
  },
  sum([list]) {
    if (!isArray(list)) return wrong("sum", "a list", list);
    const [first, ...others] = list;
    let total: Value | Trouble = first ?? 0;
    for (const item of others) {
      if (total instanceof Trouble) break;
      total = arithmetic("+", total, item);
    }
    return total;
  },
  min: (given) => extreme("min", given, -1),
  max: (given) => extreme("max", given, 1),
  join([list, separator], { expressions }) {
    if (!isArray(list)) return wrong("join", "a list", list);
    const texts: string[] = [];
    let length = 0;
    const between = typeof separator === "string" ? separator : "";
    for (const item of list) {
      const text = textOf(item);
      if (text === undefined) return wrong("join", "plain values", item);
      texts.push(text);
      length += text.length + between.length;
    }
    return expressions.budget.text(length) ?? texts.join(between);
  },
  split([text, separator], { expressions }) {
    if (typeof text !== "string" || typeof separator !== "string") return wrong("split", "two Strings", text);
    // Code points, not UTF-16 units: half a character is no text.
    const parts = separator === "" ? [...text] : text.split(separator);
    return expressions.budget.elements(parts.length) ?? parts;
  },
  replace([text, from, to], { expressions }) {
    if (typeof text !== "string" || typeof from !== "string" || typeof to !== "string")
      return wrong("replace", "three Strings", text);
    if (from === "") return new Trouble(badOperand, "`replace` needs a text to look for, not an empty one");
    const pieces = text.split(from);
    const over = expressions.budget.text(text.length + (pieces.length - 1) * to.length);
    return over ?? pieces.join(to);
  },
  basename([path, ending], call) {
    const name = baseName(path, call);
    if (name instanceof Trouble) return name;
    return typeof ending === "string" && ending !== "" && name !== ending && name.endsWith(ending)
      ? name.slice(0, -ending.length)
      : name;
  },
  stem([path], call) {
    const name = baseName(path, call);
    if (name instanceof Trouble) return name;
    // A dot in front hides a file; it begins no extension.
    const dot = name.lastIndexOf(".");
    return dot > 0 ? name.slice(0, dot) : name;
  },
  range([a, b, step = 1], { expressions }) {
    const start = b === undefined ? 0 : a;
    const end = b ?? a;
    if (typeof start !== "number" || typeof end !== "number" || typeof step !== "number")
      return wrong("range", "whole numbers", a);
    if (step === 0) return new Trouble(badOperand, "a `range` with step 0 never ends");
    const count = Math.max(0, Math.ceil((end - start) / step));
    const over = expressions.budget.elements(count);
    return over ?? Array.from({ length: count }, (_, at) => start + at * step);
  },
  zip(lists, { expressions }) {
    const [first, ...others] = lists;
    if (!isArray(first)) return wrong("zip", "lists", first);
    for (const other of others) {
      if (!isArray(other)) return wrong("zip", "lists", other);
      if (other.length !== first.length)
        return new Trouble(
          badOperand,
          `\`zip\` needs lists of one length, not "${first.length}" and "${other.length}"`,
        );
    }
    const over = expressions.budget.elements(first.length * lists.length);
    return over ?? first.map((_, at) => lists.map((list) => (isArray(list) ? (list[at] ?? null) : null)));
  },
  div([a, b]) {
    if (typeof a !== "number" || typeof b !== "number") return wrong("div", "whole numbers", a);
    if (b === 0) return new Trouble(badOperand, "this divides by zero");
    return wholeDivision(a, b).quotient;
  },
  mod([a, b]) {
    if (typeof a !== "number" || typeof b !== "number") return wrong("mod", "whole numbers", a);
    if (b === 0) return new Trouble(badOperand, "this divides by zero");
    return wholeDivision(a, b).remainder;
  },
  string([value = null]) {
    return textOf(value) ?? wrong("string", "one plain value", value);
  },
  int([value = null]) {
    if (typeof value === "number") return value;
    if (typeof value === "boolean") return value ? 1 : 0;
    if (value instanceof FloatValue) return int(Math.trunc(value.value));
    if (typeof value === "string" && /^\s*[+-]?\d+\s*$/.test(value)) return int(Number(value), value);
    return new Trouble(badOperand, `this is no whole number: ${shown(value)}`);
  },
  float([value = null]) {
    if (typeof value === "number") return new FloatValue(value);
    if (value instanceof FloatValue) return value;
    if (typeof value === "string" && /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(value))
      return float(Number(value), value);
    return new Trouble(badOperand, `this is no number: ${shown(value)}`);
  },
  size([data = null], { sizeOf }) {
    if (sizeOf === undefined) return new Trouble(badOperand, "`size` stands in `resources` only");
    let bytes = 0;
    for (const item of isList(data) ? data : [data]) {
      if (item === null) continue;
      if (!(item instanceof DataReference) && !(item instanceof OutReference))
        return wrong("size", "data", item);
      bytes += sizeOf(item);
    }
    return new BytesValue(bytes);
  },
  glob: () => new Trouble(badOperand, "`glob` stands as the value of an out only"),
  secret: () => new Trouble(badOperand, "`secret` stands as a value of `env` only"),
};

const implementations: ReadonlyMap<string, FunctionOfValues> = new Map(Object.entries(table));

/** `Array.isArray` for what may be missing. */
function isArray(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

function wrong(name: string, expected: string, given: Value | undefined): Trouble {
  return new Trouble(
    wrongType,
    `\`${name}\` takes ${expected}, not ${given === undefined ? "nothing" : describe(given)}`,
  );
}

function shown(value: Value): string {
  return value instanceof JsonValue
    ? "a Json"
    : typeof value === "string"
      ? JSON.stringify(value)
      : describe(value);
}

function each<T>(items: readonly T[], make: (item: T) => Value | Trouble): Value | Trouble {
  const values: Value[] = [];
  for (const item of items) {
    const value = make(item);
    if (value instanceof Trouble) return value;
    values.push(value);
  }
  return values;
}

/** What `csv`, `json` and `lines` read: data that exists before a run (rule 14). */
export function sourceOf(
  source: Value | undefined,
  call: Pick<FunctionCall, "expressions" | "base">,
): DataReference | Trouble {
  if (source instanceof DataReference) return source;
  if (typeof source === "string") return call.expressions.data.make("file", source, call.base);
  if (source instanceof OutReference)
    return new Trouble(outBeforeRun, "what a node makes can be read by other nodes only, once it runs");
  return new Trouble(
    wrongType,
    `a path or File is read, not ${source === undefined ? "nothing" : describe(source)}`,
  );
}

function rows(source: Value | undefined, separator: "," | "\t", call: FunctionCall): Value | Trouble {
  const data = sourceOf(source, call);
  if (data instanceof Trouble) return data;
  const { expressions } = call;
  const text = expressions.known(
    expressions.facts.table(data.place, separator),
    `the table "${data.baseName}"`,
  );
  if (text instanceof Trouble) return text;
  return expressions.budget.elements(text.rows.length) ?? plainRows(text);
}

function extreme(name: string, given: readonly Value[], sign: 1 | -1): Value | Trouble {
  const [only] = given;
  const values = given.length === 1 && isArray(only) ? only : given;
  let best: Value | undefined;
  for (const value of values) {
    const order = best === undefined ? 1 : compareValues(value, best);
    if (order === undefined)
      return new Trouble(wrongType, `${describe(value)} has no order among the others`);
    if (best === undefined || order * sign > 0) best = value;
  }
  return best ?? new Trouble(badOperand, `there is no \`${name}\` of an empty list`);
}

/** Rounded down, with a remainder of the divisor's sign: exact, since both are safe integers. */
function wholeDivision(a: number, b: number): { readonly quotient: number; readonly remainder: number } {
  const rest = a % b;
  const remainder = rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
  return { quotient: (a - remainder) / b + 0, remainder: remainder + 0 };
}

function baseName(path: Value | undefined, call: FunctionCall): string | Trouble {
  if (path instanceof DataReference) return path.baseName;
  const text = path instanceof OutReference ? call.outPath(path) : path;
  if (typeof text !== "string") return wrong("basename", "one File, Dir or path", path);
  return (
    text
      .split("/")
      .filter((part) => part !== "")
      .at(-1) ?? ""
  );
}
