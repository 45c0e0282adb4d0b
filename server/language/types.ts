import type { TypeSyntax } from "./syntax.js";

/**
 * The types of the language (language.md, "Declarations" and rules 7–17).
 *
 * `made` marks what only a run decides (rule 14): the content of a File or Dir that a node makes, whether an optional
 * out is there, and how many files a glob out has. Such values can be passed on, never read, compared or measured.
 */
export type Type =
  | { readonly kind: "string" }
  | { readonly kind: "int" }
  | { readonly kind: "float" }
  | { readonly kind: "bool" }
  | { readonly kind: "file"; readonly made?: true }
  | { readonly kind: "dir"; readonly made?: true }
  | { readonly kind: "bytes" }
  | { readonly kind: "duration" }
  | { readonly kind: "json" }
  | { readonly kind: "null" }
  | { readonly kind: "list"; readonly element: Type; readonly made?: true }
  | { readonly kind: "optional"; readonly inner: Type; readonly made?: true }
  | { readonly kind: "choice"; readonly choices: readonly string[] }
  /** A row of a table; `open` when the text does not say which columns there are: any member is then a String. */
  | { readonly kind: "row"; readonly columns: ReadonlyMap<string, Type>; readonly open?: true }
  /** Elements of `zip`, `for (A, B) in …`. */
  | { readonly kind: "tuple"; readonly elements: readonly Type[] }
  /** A single node, read through its members only (rule 10). */
  | { readonly kind: "node"; readonly members: ReadonlyMap<string, Type> }
  /** A family with key types by position. */
  | { readonly kind: "family"; readonly keys: readonly Type[]; readonly members: ReadonlyMap<string, Type> }
  /** After an error: agrees with everything, so that one mistake gives one problem. */
  | { readonly kind: "unknown" };

export const STRING: Type = { kind: "string" };
export const INT: Type = { kind: "int" };
export const FLOAT: Type = { kind: "float" };
export const BOOL: Type = { kind: "bool" };
export const FILE: Type = { kind: "file" };
export const DIR: Type = { kind: "dir" };
export const BYTES: Type = { kind: "bytes" };
export const DURATION: Type = { kind: "duration" };
export const JSON_TYPE: Type = { kind: "json" };
export const NULL: Type = { kind: "null" };
export const UNKNOWN: Type = { kind: "unknown" };
const MADE_FILE: Type = { kind: "file", made: true };
const MADE_DIR: Type = { kind: "dir", made: true };

/** The types that have a name of one word. */
export const NAMED_TYPES: ReadonlyMap<string, Type> = new Map<string, Type>([
  ["String", STRING],
  ["Int", INT],
  ["Float", FLOAT],
  ["Bool", BOOL],
  ["File", FILE],
  ["Dir", DIR],
  ["Bytes", BYTES],
  ["Duration", DURATION],
  ["Json", JSON_TYPE],
]);

export function listOf(element: Type, made = false): Type {
  return made ? { kind: "list", element, made } : { kind: "list", element };
}

/** `T??` is `T?`, and what is null or unknown stays what it is. */
export function optionalOf(inner: Type, made = false): Type {
  if (inner.kind === "unknown" || inner.kind === "null") return inner;
  if (inner.kind === "optional") return made && !inner.made ? { ...inner, made } : inner;
  return made ? { kind: "optional", inner, made } : { kind: "optional", inner };
}

/** The type without its `?`. */
export function withoutNull(type: Type): Type {
  return type.kind === "optional" ? type.inner : type;
}

/** A type as written. What could not be parsed, and a name that is no type, is `unknown`. */
export function typeFromSyntax(syntax: TypeSyntax): Type {
  switch (syntax.kind) {
    case "named-type":
      return NAMED_TYPES.get(syntax.name) ?? UNKNOWN;
    case "list-type":
      return listOf(typeFromSyntax(syntax.element));
    case "optional-type":
      return optionalOf(typeFromSyntax(syntax.inner));
    case "choice-type":
      return {
        kind: "choice",
        choices: syntax.choices.map((choice) =>
          choice.parts.map((part) => (part.kind === "text" ? part.value : "")).join(""),
        ),
      };
    case "broken-type":
      return UNKNOWN;
  }
}

/** A type as a user writes it, or in words where it cannot be written. */
export function showType(type: Type): string {
  switch (type.kind) {
    case "string":
      return "String";
    case "int":
      return "Int";
    case "float":
      return "Float";
    case "bool":
      return "Bool";
    case "file":
      return "File";
    case "dir":
      return "Dir";
    case "bytes":
      return "Bytes";
    case "duration":
      return "Duration";
    case "json":
      return "Json";
    case "null":
      return "null";
    case "list":
      return `[${showType(type.element)}]`;
    case "optional":
      return type.inner.kind === "choice" && type.inner.choices.length > 1
        ? `(${showType(type.inner)})?`
        : `${showType(type.inner)}?`;
    case "choice":
      return type.choices.map((choice) => JSON.stringify(choice)).join(" | ");
    case "row":
      return "row of a table";
    case "tuple":
      return `(${type.elements.map(showType).join(", ")})`;
    case "node":
      return "node";
    case "family":
      return `family of nodes by [${type.keys.map(showType).join(", ")}]`;
    case "unknown":
      return "unknown";
  }
}

/** Whether two types are one, `made` included: what a check relied on is unchanged when the type is the same. */
export function sameType(a: Type, b: Type): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind) return false;
  switch (a.kind) {
    case "file":
    case "dir":
      return b.kind === a.kind && a.made === b.made;
    case "list":
      return b.kind === "list" && a.made === b.made && sameType(a.element, b.element);
    case "optional":
      return b.kind === "optional" && a.made === b.made && sameType(a.inner, b.inner);
    case "choice":
      return (
        b.kind === "choice" &&
        a.choices.length === b.choices.length &&
        a.choices.every((choice, at) => choice === b.choices[at])
      );
    case "row":
      return b.kind === "row" && a.open === b.open && sameMembers(a.columns, b.columns);
    case "tuple":
      return b.kind === "tuple" && sameTypes(a.elements, b.elements);
    case "node":
      return b.kind === "node" && sameMembers(a.members, b.members);
    case "family":
      return b.kind === "family" && sameTypes(a.keys, b.keys) && sameMembers(a.members, b.members);
    default:
      return true;
  }
}

function sameTypes(a: readonly Type[], b: readonly Type[]): boolean {
  return (
    a.length === b.length &&
    a.every((type, at) => {
      const other = b[at];
      return other !== undefined && sameType(type, other);
    })
  );
}

function sameMembers(a: ReadonlyMap<string, Type>, b: ReadonlyMap<string, Type>): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [name, type] of a) {
    const other = b.get(name);
    if (other === undefined || !sameType(type, other)) return false;
  }
  return true;
}

/** Whether a value of type `source` may stand where `target` is asked for. `made` plays no part here. */
export function isAssignable(source: Type, target: Type): boolean {
  if (source === target || source.kind === "unknown" || target.kind === "unknown") return true;
  // What a JSON file holds shows when it is read: until then it may be anything that JSON can say.
  if (source.kind === "json") return isJsonLike(target);
  if (target.kind === "optional") {
    if (source.kind === "null") return true;
    return isAssignable(withoutNull(source), target.inner);
  }
  switch (target.kind) {
    case "float":
      return source.kind === "float" || source.kind === "int";
    case "string":
      return source.kind === "string" || source.kind === "choice";
    case "choice":
      return source.kind === "choice" && source.choices.every((choice) => target.choices.includes(choice));
    case "json":
      return isJsonLike(source);
    case "list":
      if (source.kind !== "list") return false;
      // Absent elements are left out on the way (rule 11).
      return isAssignable(withoutNull(source.element), target.element);
    case "tuple":
      return (
        source.kind === "tuple" &&
        source.elements.length === target.elements.length &&
        source.elements.every((element, at) => {
          const other = target.elements[at];
          return other !== undefined && isAssignable(element, other);
        })
      );
    case "row":
    case "node":
    case "family":
      return sameType(source, target);
    default:
      return source.kind === target.kind;
  }
}

function isJsonLike(type: Type): boolean {
  switch (type.kind) {
    case "string":
    case "choice":
    case "int":
    case "float":
    case "bool":
    case "json":
    case "null":
    case "unknown":
      return true;
    case "list":
      return isJsonLike(type.element);
    case "optional":
      return isJsonLike(type.inner);
    default:
      return false;
  }
}

/** The type that values of both types have, or undefined when there is none: of `c ? a : b`, `??` and list items. */
export function joinTypes(a: Type, b: Type): Type | undefined {
  if (a === b || b.kind === "unknown") return a;
  if (a.kind === "unknown") return b;
  if (a.kind === "null") return optionalOf(b);
  if (b.kind === "null") return optionalOf(a);
  if (a.kind === "optional" || b.kind === "optional") {
    const inner = joinTypes(withoutNull(a), withoutNull(b));
    const made = (a.kind === "optional" && a.made) || (b.kind === "optional" && b.made) || false;
    return inner === undefined ? undefined : optionalOf(inner, made);
  }
  if (a.kind === "json" && isJsonLike(b)) return a;
  if (b.kind === "json" && isJsonLike(a)) return b;
  switch (a.kind) {
    case "int":
    case "float":
      return a.kind === b.kind ? a : b.kind === "int" || b.kind === "float" ? FLOAT : undefined;
    case "string":
      return b.kind === "string" || b.kind === "choice" ? STRING : undefined;
    case "choice":
      if (b.kind === "string") return STRING;
      return b.kind === "choice" ? joinChoices(a.choices, b.choices) : undefined;
    case "file":
    case "dir":
      return b.kind === a.kind ? (a.made ? a : b) : undefined;
    case "list": {
      if (b.kind !== "list") return undefined;
      const element = joinTypes(a.element, b.element);
      return element === undefined ? undefined : listOf(element, a.made === true || b.made === true);
    }
    case "node":
      return b.kind === "node" ? { kind: "node", members: commonMembers(a.members, b.members) } : undefined;
    case "tuple": {
      if (b.kind !== "tuple" || b.elements.length !== a.elements.length) return undefined;
      const elements: Type[] = [];
      for (const [at, element] of a.elements.entries()) {
        const joined = joinTypes(element, b.elements[at] ?? UNKNOWN);
        if (joined === undefined) return undefined;
        elements.push(joined);
      }
      return { kind: "tuple", elements };
    }
    default:
      return sameType(a, b) ? a : undefined;
  }
}

/** A list of many literal names is a list of Strings: nobody means a choice of hundreds. */
const MOST_CHOICES = 32;

function joinChoices(a: readonly string[], b: readonly string[]): Type {
  const choices = [...new Set([...a, ...b])];
  return choices.length > MOST_CHOICES ? STRING : { kind: "choice", choices };
}

/** The members of both, each with the type that both agree on (rule 9). */
export function commonMembers(
  a: ReadonlyMap<string, Type>,
  b: ReadonlyMap<string, Type>,
): ReadonlyMap<string, Type> {
  if (a === b) return a;
  const common = new Map<string, Type>();
  for (const [name, type] of a) {
    const other = b.get(name);
    const joined = other === undefined ? undefined : joinTypes(type, other);
    if (joined !== undefined) common.set(name, joined);
  }
  return common;
}

/** File, Dir, lists and options of them (rule 17). */
export function isData(type: Type): boolean {
  switch (type.kind) {
    case "file":
    case "dir":
    case "unknown":
      return true;
    case "list":
      return isData(type.element);
    case "optional":
      return isData(type.inner);
    default:
      return false;
  }
}

/** Whether a File or Dir is anywhere in it. */
export function holdsData(type: Type): boolean {
  switch (type.kind) {
    case "file":
    case "dir":
      return true;
    case "list":
      return holdsData(type.element);
    case "optional":
      return holdsData(type.inner);
    default:
      return false;
  }
}

/** Whether only a run can tell what this value is, so that it must not be compared, measured or looped over. */
export function isMade(type: Type): boolean {
  switch (type.kind) {
    case "file":
    case "dir":
      return type.made === true;
    case "list":
      return type.made === true || isMade(type.element);
    case "optional":
      return type.made === true || isMade(type.inner);
    default:
      return false;
  }
}

/** `type` as a member of a node: how many, whether and what is decided by the run that makes it. */
export function asMade(type: Type): Type {
  switch (type.kind) {
    case "file":
      return MADE_FILE;
    case "dir":
      return MADE_DIR;
    case "list":
      return isData(type.element) ? listOf(asMade(type.element), true) : type;
    case "optional":
      return isData(type.inner) ? optionalOf(asMade(type.inner), true) : type;
    default:
      return type;
  }
}

/** What a key may be (rule 7); a choice counts as String. Undefined for anything else. */
export function keyType(type: Type): Type | undefined {
  switch (type.kind) {
    case "string":
    case "choice":
      return STRING;
    case "int":
    case "float":
    case "bool":
    case "unknown":
      return type;
    case "json":
      return UNKNOWN;
    default:
      return undefined;
  }
}

/** What may stand in `"${…}"` and be given to `string`: one value that is plain text, a number, or a truth value. */
export function isPrintable(type: Type): boolean {
  switch (type.kind) {
    case "string":
    case "choice":
    case "int":
    case "float":
    case "bool":
    case "bytes":
    case "duration":
    case "json":
    case "unknown":
      return true;
    default:
      return false;
  }
}

export function isNumber(type: Type): boolean {
  return type.kind === "int" || type.kind === "float";
}
