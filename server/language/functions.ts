import {
  BOOL,
  BYTES,
  DIR,
  FILE,
  FLOAT,
  INT,
  isAssignable,
  isMade,
  isPrintable,
  JSON_TYPE,
  joinTypes,
  listOf,
  STRING,
  showType,
  type Type,
  UNKNOWN,
  withoutNull,
} from "./types.js";

/** Where a function may be called; everywhere when a signature names no place. */
export type FunctionPlace = "out" | "env" | "resources";

export interface FunctionSignature {
  readonly name: string;
  /** As shown on hover and in completions: `unique(list: [T]): [T]`. */
  readonly shown: string;
  /** One sentence. */
  readonly doc: string;
  readonly parameters: readonly FunctionParameter[];
  /** Given by name only: `file("x", md5: "…")`. */
  readonly named: readonly FunctionParameter[];
  /** The last parameter may be given again and again. */
  readonly variadic: boolean;
  readonly place: FunctionPlace | undefined;
  /** Only passes on what it gets, so that outs which no run has made yet can go through (rule 14). */
  readonly takesMade: boolean;
  /** The type of the call, from the types of the positional arguments. */
  readonly result: (types: readonly Type[]) => Type;
}

export interface FunctionParameter {
  readonly name: string;
  readonly optional: boolean;
  /** What is asked for, in words or as a type, for messages. */
  readonly expected: string;
  readonly accepts: (type: Type) => boolean;
}

type Accepts = { readonly expected: string; readonly accepts: (type: Type) => boolean };

const only = (type: Type): Accepts => ({
  expected: showType(type),
  accepts: (given) => isAssignable(given, type),
});
const oneOf = (...types: readonly Type[]): Accepts => ({
  expected: types.map(showType).join(" or "),
  // Almost anything can become Json, but a function that takes a Json apart wants one.
  accepts: (given) =>
    types.some((type) => (type.kind === "json" ? given.kind === "json" : isAssignable(given, type))),
});
const listWith = (expected: string, accepts: (element: Type) => boolean): Accepts => ({
  expected,
  accepts: (given) =>
    given.kind === "unknown" ||
    given.kind === "json" ||
    (given.kind === "list" && (given.element.kind === "unknown" || accepts(given.element))),
});
const anyList = listWith("a list", () => true);
const printable: Accepts = { expected: "one plain value", accepts: isPrintable };

/** Things that have an order: text, numbers, sizes, time spans. */
export function isOrdered(type: Type): boolean {
  return ["string", "choice", "int", "float", "bytes", "duration", "json", "unknown"].includes(type.kind);
}
function isSummable(type: Type): boolean {
  return ["int", "float", "bytes", "duration", "json", "unknown"].includes(type.kind);
}
/** What two values can be asked to be equal in: everything but nodes and tuples of them. */
function isComparable(type: Type): boolean {
  return !["node", "family"].includes(withoutNull(type).kind);
}

const elementOf = (type: Type | undefined): Type =>
  type?.kind === "list" ? type.element : type?.kind === "json" ? JSON_TYPE : UNKNOWN;
/** A literal's own text is of no interest once it has gone through a function. */
const widened = (type: Type): Type => (type.kind === "choice" ? STRING : type);

function p(name: string, accepts: Accepts, optional = false): FunctionParameter {
  return { name, optional, ...accepts };
}

const sourceOfText = p("source", oneOf(STRING, FILE));
const openRows: Type = listOf({ kind: "row", columns: new Map(), open: true });

function define(
  name: string,
  shown: string,
  doc: string,
  parameters: readonly FunctionParameter[],
  result: Type | ((types: readonly Type[]) => Type),
  more: {
    readonly named?: readonly FunctionParameter[];
    readonly variadic?: boolean;
    readonly place?: FunctionPlace;
    readonly takesMade?: boolean;
  } = {},
): FunctionSignature {
  return {
    name,
    shown: `${name}${shown}`,
    doc,
    parameters,
    named: more.named ?? [],
    variadic: more.variadic ?? false,
    place: more.place,
    takesMade: more.takesMade ?? false,
    result: typeof result === "function" ? result : () => result,
  };
}

const least = (types: readonly Type[]): Type => {
  const first = types[0];
  if (types.length === 1 && (first?.kind === "list" || first?.kind === "json"))
    return widened(elementOf(first));
  return widened(types.reduce((all, type) => joinTypes(all, type) ?? UNKNOWN, UNKNOWN));
};
const listOrValue: Accepts = {
  expected: "a list of values that have an order, or such values",
  accepts: (type) =>
    isOrdered(type) || type.kind === "json" || (type.kind === "list" && isOrdered(type.element)),
};

const table: readonly FunctionSignature[] = [
  define(
    "file",
    "(path: String, md5?: String, sha1?: String, sha256?: String, sha512?: String): File",
    "A file: a path relative to this pipeline file, an https:// or an s3:// address; a digest verifies it when it is fetched.",
    [p("path", only(STRING))],
    FILE,
    { named: ["md5", "sha1", "sha256", "sha512"].map((name) => p(name, only(STRING), true)) },
  ),
  define(
    "files",
    "(pattern: String): [File]",
    "The files that match a glob such as `data/*.csv`, sorted bytewise.",
    [p("pattern", only(STRING))],
    listOf(FILE),
  ),
  define(
    "dir",
    "(path: String, exclude?: [String]): Dir",
    "A folder with everything in it, without what the globs of `exclude` match.",
    [p("path", only(STRING))],
    DIR,
    { named: [p("exclude", only(listOf(STRING)), true)] },
  ),
  define(
    "csv",
    "(source: String | File): rows",
    "The rows of a comma-separated table; every column is a String unless a `table` types it.",
    [sourceOfText],
    openRows,
  ),
  define(
    "tsv",
    "(source: String | File): rows",
    "The rows of a tab-separated table; every column is a String unless a `table` types it.",
    [sourceOfText],
    openRows,
  ),
  define("json", "(source: String | File): Json", "The value of a JSON file.", [sourceOfText], JSON_TYPE),
  define(
    "lines",
    "(source: String | File): [String]",
    "The lines of a text file without their line ends.",
    [sourceOfText],
    listOf(STRING),
  ),
  define(
    "unique",
    "(list: [T]): [T]",
    "The list without repetitions; of equal elements the first stays.",
    [p("list", listWith("a list of values that can be compared", isComparable))],
    ([list]) => listOf(widened(elementOf(list))),
  ),
  define(
    "sort",
    "(list: [T]): [T]",
    "The list in ascending order: text by code point, numbers, sizes and time spans by value.",
    [p("list", listWith("a list of values that have an order", isOrdered))],
    ([list]) => listOf(widened(elementOf(list))),
  ),
  define(
    "flatten",
    "(lists: [[T]]): [T]",
    "The elements of the inner lists, one after the other.",
    [
      p(
        "lists",
        listWith("a list of lists", (element) =>
          ["list", "unknown", "json"].includes(withoutNull(element).kind),
        ),
      ),
    ],
    ([lists]) => {
      const inner = withoutNull(elementOf(lists));
      const made =
        (lists?.kind === "list" && lists.made === true) || (inner.kind === "list" && inner.made === true);
      return listOf(elementOf(inner), made);
    },
    { takesMade: true },
  ),
  define(
    "len",
    "(value: [T] | String): Int",
    "How many elements a list has, or how many code points a String.",
    [
      p("value", {
        expected: "a list or String",
        accepts: (type) => type.kind === "json" || type.kind === "list" || isAssignable(type, STRING),
      }),
    ],
    INT,
  ),
  define(
    "sum",
    "(list: [T]): T",
    "The sum of numbers, sizes or time spans; of an empty list 0.",
    [p("list", listWith("a list of Int, Float, Bytes or Duration", isSummable))],
    ([list]) => elementOf(list),
  ),
  define(
    "min",
    "(list: [T]): T or min(a: T, b: T, …): T",
    "The smallest of a list or of the values given; an empty list is an error.",
    [p("values", listOrValue)],
    least,
    { variadic: true },
  ),
  define(
    "max",
    "(list: [T]): T or max(a: T, b: T, …): T",
    "The largest of a list or of the values given; an empty list is an error.",
    [p("values", listOrValue)],
    least,
    { variadic: true },
  ),
  define(
    "join",
    '(list: [T], separator: String = ""): String',
    "The elements as one text with the separator between them.",
    [p("list", listWith("a list of plain values", isPrintable)), p("separator", only(STRING), true)],
    STRING,
  ),
  define(
    "split",
    "(text: String, separator: String): [String]",
    "The parts of a text between separators.",
    [p("text", only(STRING)), p("separator", only(STRING))],
    listOf(STRING),
  ),
  define(
    "replace",
    "(text: String, from: String, to: String): String",
    "The text with every `from` replaced by `to`; both are plain text.",
    [p("text", only(STRING)), p("from", only(STRING)), p("to", only(STRING))],
    STRING,
  ),
  define(
    "basename",
    "(path: File | Dir | String, ending?: String): String",
    "The last part of a path, without `ending` when it ends so.",
    [p("path", oneOf(FILE, DIR, STRING)), p("ending", only(STRING), true)],
    STRING,
    { takesMade: true },
  ),
  define(
    "stem",
    "(path: File | Dir | String): String",
    "The last part of a path without its last extension: `reads.fq` of `a/reads.fq.gz`.",
    [p("path", oneOf(FILE, DIR, STRING))],
    STRING,
    { takesMade: true },
  ),
  define(
    "range",
    "(end: Int) or range(start: Int, end: Int, step: Int = 1): [Int]",
    "The numbers from start (0) up to, not including, end.",
    [p("start", only(INT)), p("end", only(INT), true), p("step", only(INT), true)],
    listOf(INT),
  ),
  define(
    "zip",
    "(a: [A], b: [B], …): [(A, B, …)]",
    "The elements of lists of one length side by side: `for (a, b) in zip(as, bs)`.",
    [p("first", anyList), p("others", anyList)],
    (types) => listOf({ kind: "tuple", elements: types.map(elementOf) }),
    { variadic: true },
  ),
  define(
    "div",
    "(a: Int, b: Int): Int",
    "The quotient of whole numbers, rounded down; `/` gives a Float.",
    [p("a", only(INT)), p("b", only(INT))],
    INT,
  ),
  define(
    "mod",
    "(a: Int, b: Int): Int",
    "The remainder of `div`; it has the sign of `b`.",
    [p("a", only(INT)), p("b", only(INT))],
    INT,
  ),
  define(
    "string",
    "(value): String",
    'The value as text, as `"${value}"` gives it.',
    [p("value", printable)],
    STRING,
  ),
  define(
    "int",
    "(value: String | Int | Float | Bool | Json): Int",
    "The whole number that a text or Json is, or a Float rounded towards zero.",
    [p("value", oneOf(STRING, FLOAT, BOOL, JSON_TYPE))],
    INT,
  ),
  define(
    "float",
    "(value: String | Int | Float | Json): Float",
    "The number that a text or Json is.",
    [p("value", oneOf(STRING, FLOAT, JSON_TYPE))],
    FLOAT,
  ),
  define(
    "size",
    "(data: File | Dir | [File]): Bytes",
    "The size of data; only in `resources`, which may follow the size of what a node reads.",
    [
      p("data", {
        expected: "File, Dir or a list of them",
        accepts: (type) =>
          isAssignable(type, listOf(FILE)) ||
          isAssignable(type, listOf(DIR)) ||
          isAssignable(withoutNull(type), FILE) ||
          isAssignable(withoutNull(type), DIR),
      }),
    ],
    BYTES,
    { place: "resources", takesMade: true },
  ),
  define(
    "glob",
    "(pattern: String): [File]",
    "The files that the script left behind and that match; only as the value of an `out`.",
    [p("pattern", only(STRING))],
    listOf(FILE),
    { place: "out" },
  ),
  define(
    "secret",
    "(name: String): String",
    "A secret by its name; only as a value in `env`. It never counts for identity and never reaches a record or a log.",
    [p("name", only(STRING))],
    STRING,
    { place: "env" },
  ),
];

/** Every function of the language by its name. */
export const functions: ReadonlyMap<string, FunctionSignature> = new Map(
  table.map((signature) => [signature.name, signature]),
);

/** Whether an argument that a run decides about is kept from this function (rule 14). */
export function refusesMade(signature: FunctionSignature, type: Type): boolean {
  if (signature.takesMade || !isMade(type)) return false;
  // How many there are is known of a plain list: only its elements are made.
  return signature.name !== "len" && signature.name !== "zip"
    ? true
    : type.kind === "list" && type.made === true;
}
