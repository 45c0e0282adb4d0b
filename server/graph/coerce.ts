import { unreachable } from "../base/failure.js";
import { wrongType } from "../language/checks/wrong-type.js";
import { showType, type Type } from "../language/types.js";
import { hasLoneSurrogate } from "./canonical.js";
import { badOperand } from "./checks/bad-operand.js";
import type { Base, DataReferences } from "./data-references.js";
import { amountFromText, float, int } from "./numbers.js";
import { Trouble } from "./reports.js";
import {
  BytesValue,
  DataReference,
  DurationValue,
  FloatValue,
  JsonValue,
  OutReference,
  RowValue,
  type Value,
} from "./value.js";
import { describe, isList, jsonFromValue, valueFromJson } from "./values.js";

/** What an out is, for whoever gets a reference to it. */
export type OutKind = (reference: OutReference) => "file" | "dir" | "glob";

/**
 * A value as a slot of a type takes it: an Int becomes a Float where one is asked for, absent elements of a list are
 * left out where the slot has no place for them (rule 11), JSON becomes what it says. A list is copied only when one
 * of its elements changes.
 */
export function coerce(value: Value, type: Type, outKind: OutKind): Value | Trouble {
  switch (type.kind) {
    case "unknown":
      return value;
    case "optional":
      return value === null ? null : coerce(value, type.inner, outKind);
    case "json": {
      const json = jsonFromValue(value);
      if (json === undefined) return mismatch(value, type);
      return badText(json.json) ?? new JsonValue(json.json);
    }
    case "list":
      return coerceList(value, type.element, type, outKind);
    case "string":
      if (typeof value !== "string") return mismatch(value, type);
      return badText(value) ?? value;
    case "choice":
      if (typeof value !== "string") return mismatch(value, type);
      return type.choices.includes(value)
        ? value
        : new Trouble(wrongType, `this must be one of ${showType(type)}, but is ${JSON.stringify(value)}`);
    case "int":
      return typeof value === "number" ? value : mismatch(value, type);
    case "float":
      if (typeof value === "number") return new FloatValue(value);
      return value instanceof FloatValue ? value : mismatch(value, type);
    case "bool":
      return typeof value === "boolean" ? value : mismatch(value, type);
    case "bytes":
      return value instanceof BytesValue ? value : mismatch(value, type);
    case "duration":
      return value instanceof DurationValue ? value : mismatch(value, type);
    case "file":
    case "dir":
      if (value instanceof DataReference && value.kind === type.kind) return value;
      return value instanceof OutReference && outKind(value) === type.kind ? value : mismatch(value, type);
    case "row":
      return value instanceof RowValue ? value : mismatch(value, type);
    case "tuple": {
      if (!isList(value) || value.length !== type.elements.length) return mismatch(value, type);
      const items: Value[] = [];
      for (const [at, element] of type.elements.entries()) {
        const item = coerce(value[at] ?? null, element, outKind);
        if (item instanceof Trouble) return item;
        items.push(item);
      }
      return items;
    }
    case "null":
      return value === null ? null : mismatch(value, type);
    case "node":
    case "family":
      return mismatch(value, type);
    default:
      return unreachable(type);
  }
}

function coerceList(value: Value, element: Type, type: Type, outKind: OutKind): Value | Trouble {
  // A glob out is a list whose length only a run knows.
  if (value instanceof OutReference && outKind(value) === "glob")
    return element.kind === "file" || element.kind === "unknown" ? [value] : mismatch(value, type);
  if (!isList(value)) return mismatch(value, type);
  let copy: Value[] | undefined;
  for (let at = 0; at < value.length; at++) {
    const item = value[at] ?? null;
    const absent = item === null && element.kind !== "optional" && element.kind !== "json";
    const spliced = item instanceof OutReference && outKind(item) === "glob" && element.kind === "file";
    const fitting = absent || spliced ? item : coerce(item, element, outKind);
    if (fitting instanceof Trouble) return fitting;
    if (copy === undefined && (absent || fitting !== item)) copy = value.slice(0, at);
    if (!absent) copy?.push(fitting);
  }
  return copy ?? value;
}

function mismatch(value: Value, type: Type): Trouble {
  return new Trouble(wrongType, `this must be ${showType(type)}, but is ${describe(value)}`);
}

/** Half a character has no UTF-8, so no script could get it and no id could tell it from another half. */
function badText(json: unknown): Trouble | undefined {
  const text = typeof json === "string" ? json : JSON.stringify(json);
  const bad = typeof json === "string" ? hasLoneSurrogate(text) : /(?<!\\)(?:\\\\)*\\ud[89a-f]/.test(text);
  return bad
    ? new Trouble(badOperand, `a text has half a character in it: ${JSON.stringify(text)}`)
    : undefined;
}

/** How a value that comes as text or JSON, from outside the program, is read. */
export interface OutsideReader {
  readonly data: DataReferences;
  /** What relative paths in it start from. */
  readonly base: Base;
}

/** A value from JSON for a slot of a type: File and Dir are paths, amounts are `"12 GiB"` or plain numbers of bytes. */
export function fromJson(json: unknown, type: Type, reader: OutsideReader): Value | Trouble {
  switch (type.kind) {
    case "optional":
      return json === null ? null : fromJson(json, type.inner, reader);
    case "list": {
      if (!Array.isArray(json)) return notJson(json, type);
      const items: Value[] = [];
      for (const item of json) {
        const value = fromJson(item, type.element, reader);
        if (value instanceof Trouble) return value;
        items.push(value);
      }
      return items;
    }
    case "file":
    case "dir":
      if (typeof json !== "string") return notJson(json, type);
      return reader.data.make(type.kind, json, reader.base);
    case "bytes":
    case "duration":
      if (typeof json === "string") return amountText(json, type);
      if (type.kind === "bytes" && typeof json === "number" && Number.isSafeInteger(json) && json >= 0)
        return new BytesValue(json);
      return notJson(json, type);
    case "int": {
      if (typeof json !== "number") return notJson(json, type);
      if (!Number.isInteger(json)) return notJson(json, type);
      return int(json);
    }
    case "json":
      return new JsonValue(json);
    default: {
      const value = coerce(valueFromJson(json), type, () => "file");
      return value instanceof Trouble && value.rule === wrongType ? notJson(json, type) : value;
    }
  }
}

function notJson(json: unknown, type: Type): Trouble {
  const text = JSON.stringify(json) ?? "undefined";
  return new Trouble(
    wrongType,
    `this is not ${showType(type)}: "${text.length > 60 ? `${text.slice(0, 60)}…` : text}"`,
  );
}

/** A value from plain text: a cell of a table, or `--set name=text` typed by a person. */
export function fromText(text: string, type: Type, reader: OutsideReader): Value | Trouble {
  switch (type.kind) {
    case "string":
      return badText(text) ?? text;
    case "choice":
      return coerce(text, type, () => "file");
    case "file":
    case "dir":
      return reader.data.make(type.kind, text, reader.base);
    case "int":
      return /^[+-]?\d+$/.test(text) ? int(Number(text), text) : notText(text, type);
    case "float":
      return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)
        ? float(Number(text), text)
        : notText(text, type);
    case "bool":
      return text === "true" ? true : text === "false" ? false : notText(text, type);
    case "bytes":
      return /^\d+$/.test(text) ? fromJson(Number(text), type, reader) : amountText(text, type);
    case "duration":
      return amountText(text, type);
    case "optional":
      // Text for a String is taken as it is, so there only leaving it out gives null.
      if (text === "null" && type.inner.kind !== "string" && type.inner.kind !== "choice") return null;
      return fromText(text, type.inner, reader);
    default: {
      const json = parsedJson(text);
      return json === undefined ? notText(text, type) : fromJson(json.value, type, reader);
    }
  }
}

function amountText(text: string, type: Type): Value | Trouble {
  const value = amountFromText(text);
  if (value instanceof Trouble) return value.rule === badOperand ? notText(text, type) : value;
  return (type.kind === "bytes") === value instanceof BytesValue ? value : notText(text, type);
}

function notText(text: string, type: Type): Trouble {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return new Trouble(wrongType, `this is not ${showType(type)}: "${shown}"`);
}

export function parsedJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
