import { compareCodePoints } from "../base/order.js";
import { canonicalNumber } from "./canonical.js";
import {
  BytesValue,
  DataReference,
  DurationValue,
  FloatValue,
  JsonValue,
  NodeReference,
  OutReference,
  RowValue,
  type Value,
} from "./value.js";

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** What a value is called in messages, with its article. */
export function describe(value: Value): string {
  if (value === null) return "null";
  if (typeof value === "string") return "a String";
  if (typeof value === "boolean") return "a Bool";
  if (typeof value === "number") return "an Int";
  if (isList(value)) return "a list";
  if (value instanceof FloatValue) return "a Float";
  if (value instanceof BytesValue) return "a Bytes";
  if (value instanceof DurationValue) return "a Duration";
  if (value instanceof JsonValue) return "a Json";
  if (value instanceof DataReference) return value.kind === "file" ? "a File" : "a Dir";
  if (value instanceof OutReference) return "an out of a node";
  if (value instanceof NodeReference) return "a node";
  return "a row";
}

/** The text of one plain value, as `"${value}"` and scripts have it; undefined for everything that has none. */
export function textOf(value: Value): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (value instanceof FloatValue) return canonicalNumber(value.value);
  if (value instanceof BytesValue) return String(value.bytes);
  if (value instanceof DurationValue) return String(value.milliseconds / 1000);
  if (value instanceof JsonValue) return JSON.stringify(value.value);
  return undefined;
}

/** Order of two values of one kind; undefined when they have none. Int and Float are one kind. */
export function compareValues(a: Value, b: Value): number | undefined {
  if (typeof a === "string" && typeof b === "string") return compareCodePoints(a, b);
  if (a instanceof BytesValue && b instanceof BytesValue) return a.bytes - b.bytes;
  if (a instanceof DurationValue && b instanceof DurationValue) return a.milliseconds - b.milliseconds;
  const left = numberOf(a);
  const right = numberOf(b);
  return left === undefined || right === undefined ? undefined : left - right;
}

/** The number that an Int or Float is. */
export function numberOf(value: Value): number | undefined {
  if (typeof value === "number") return value;
  return value instanceof FloatValue ? value.value : undefined;
}

export function sameValue(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (a === null || b === null) return false;
  const kind = typeof a;
  if (kind === "string" || kind === "boolean") return false;
  return identityOf(a) === identityOf(b);
}

/**
 * A text that is the same for equal values only: what `unique` and `==` go by. Numbers are equal across Int and
 * Float. Grows with the value.
 */
export function identityOf(value: Value): string {
  if (value === null) return "null";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (isList(value)) return `[${value.map(identityOf).join(",")}]`;
  if (value instanceof FloatValue) return String(value.value);
  if (value instanceof BytesValue) return `bytes ${value.bytes}`;
  if (value instanceof DurationValue) return `duration ${value.milliseconds}`;
  if (value instanceof JsonValue) return `json ${jsonIdentity(value.value)}`;
  if (value instanceof DataReference) return dataIdentity(value);
  if (value instanceof OutReference) return `out ${value.index} ${value.node.name}`;
  if (value instanceof NodeReference) return `node ${value.node.name}`;
  return `row {${[...value.columns].map(([name, cell]) => `${JSON.stringify(name)}:${identityOf(cell)}`).join(",")}}`;
}

/** One text for one place of data, with what a Dir leaves out. */
export function dataIdentity(data: DataReference): string {
  const { place } = data;
  const at = place.kind === "local" ? place.path : place.url;
  const verify = place.kind === "http" && place.verify !== undefined ? ` ${place.verify}` : "";
  return `${data.kind} ${place.kind} ${JSON.stringify(at)}${verify} ${data.exclude.length === 0 ? "" : JSON.stringify(data.exclude)}`;
}

function jsonIdentity(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonIdentity).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${jsonIdentity(item)}`).join(",")}}`;
}

/**
 * JSON as values of the language: texts, numbers, truth values and lists are what they look like, so that a setting
 * read from a file compares and computes like one that is written in the text; objects stay Json.
 */
export function valueFromJson(json: unknown): Value {
  switch (typeof json) {
    case "string":
    case "boolean":
      return json;
    case "number":
      // What JSON writes as 30 is an Int; a whole number beyond 2^53 has lost digits already and is no Int.
      return Number.isSafeInteger(json) ? json + 0 : new FloatValue(json);
    default:
      if (json === null || json === undefined) return null;
      return Array.isArray(json) ? json.map(valueFromJson) : new JsonValue(json);
  }
}

/** The JSON of a value; undefined for what has none (data, nodes). */
export function jsonFromValue(value: Value): { readonly json: unknown } | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean") return { json: value };
  if (typeof value === "number") return { json: value };
  if (value instanceof FloatValue) return { json: value.value };
  if (value instanceof BytesValue) return { json: value.bytes };
  if (value instanceof JsonValue) return { json: value.value };
  if (isList(value)) {
    const items: unknown[] = [];
    for (const item of value) {
      const json = jsonFromValue(item);
      if (json === undefined) return undefined;
      items.push(json.json);
    }
    return { json: items };
  }
  if (value instanceof RowValue) {
    const object: { [name: string]: unknown } = {};
    for (const [name, cell] of value.columns) {
      const json = jsonFromValue(cell);
      if (json === undefined) return undefined;
      Object.defineProperty(object, name, { value: json.json, enumerable: true });
    }
    return { json: object };
  }
  return undefined;
}
