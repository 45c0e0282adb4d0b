import { Failure } from "../base/failure.js";

/**
 * Canonical JSON, RFC 8785: one text for one value, so that a hash of the text identifies the value. JavaScript's own
 * number and string forms are the ones that the RFC prescribes; what remains is the order of keys (by UTF-16 code
 * units, which is how JavaScript compares strings) and refusing what JSON cannot say. Cost grows with the text, and
 * with `k log k` for objects of `k` keys.
 *
 * Throws `Failure` "not-canonical" for NaN, infinities, lone surrogates, `undefined` and anything that is not JSON.
 */
export function canonicalText(value: unknown): string {
  switch (typeof value) {
    case "string":
      return canonicalString(value);
    case "number":
      return canonicalNumber(value);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      if (value === null) return "null";
      if (Array.isArray(value)) return canonicalList(value);
      return canonicalObject(value);
    default:
      throw notCanonical(`it is of the type "${typeof value}"`);
  }
}

export function canonicalString(text: string): string {
  if (hasLoneSurrogate(text)) throw notCanonical(`the text has half a character, ${JSON.stringify(text)}`);
  return JSON.stringify(text);
}

export function canonicalNumber(value: number): string {
  if (!Number.isFinite(value)) throw notCanonical(`the number is "${value}"`);
  // `JSON.stringify` writes -0 as 0, as the RFC does.
  return JSON.stringify(value);
}

// With the `u` flag a pair is one character, so this matches only a surrogate without its partner.
const LONE_SURROGATE = /[\ud800-\udfff]/u;

/** UTF-8 cannot say half a character, so two different texts with one would be hashed as the same bytes. */
export function hasLoneSurrogate(text: string): boolean {
  return LONE_SURROGATE.test(text);
}

function canonicalList(items: readonly unknown[]): string {
  let text = "[";
  for (let i = 0; i < items.length; i++) {
    if (i > 0) text += ",";
    text += canonicalText(items[i]);
  }
  return `${text}]`;
}

function canonicalObject(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw notCanonical("it is no plain object");
  const entries = new Map<string, unknown>(Object.entries(value));
  let text = "{";
  for (const key of [...entries.keys()].sort()) {
    if (text.length > 1) text += ",";
    text += `${canonicalString(key)}:${canonicalText(entries.get(key))}`;
  }
  return `${text}}`;
}

function notCanonical(why: string): Failure {
  return new Failure("not-canonical", "a value cannot be written as canonical JSON", {
    why,
    fix: "use numbers that are finite and text that is well-formed Unicode",
  });
}
