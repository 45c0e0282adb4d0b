import { canonicalNumber } from "./canonical.js";
import { FloatValue, type Value } from "./value.js";

/** A key as JSON writes it; undefined for what can be no key (rule 7). */
export function keyText(value: Value): string | undefined {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return value instanceof FloatValue ? canonicalNumber(value.value) : undefined;
}

/** `aligned["ANN0830", 2]`; a node without keys is its family's name alone. */
export function nodeName(family: string, keyTexts: readonly string[]): string {
  return keyTexts.length === 0 ? family : `${family}[${keyTexts.join(", ")}]`;
}

/** A node, a family or some members of it, as a person writes it. `undefined` stands for `*`. */
export interface NodePattern {
  readonly family: string;
  /** Undefined without brackets: the node, or all members. */
  readonly keys: readonly (string | undefined)[] | undefined;
}

const KEY = /\s*(\*|"(?:[^"\\]|\\.)*"|true|false|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(,|$)/y;

/**
 * Reads `aligned["ANN0830", 2]`, `aligned["ANN0830",*]` or `report`, spaces as people like. Undefined when it is
 * none of these. Keys come back as `keyText` writes them.
 */
export function parseNodePattern(text: string): NodePattern | undefined {
  const [, family, inner] = /^\s*([\p{L}_][\p{L}\p{N}_]*)\s*(?:\[(.*)\])?\s*$/su.exec(text) ?? [];
  if (family === undefined) return undefined;
  if (inner === undefined) return { family, keys: undefined };
  const keys: (string | undefined)[] = [];
  KEY.lastIndex = 0;
  for (let more = true; more; ) {
    const [whole, key, end] = KEY.exec(inner) ?? [];
    if (whole === undefined || key === undefined) return undefined;
    keys.push(key === "*" ? undefined : canonicalKey(key));
    more = end === ",";
    if (!more && KEY.lastIndex !== inner.length) return undefined;
  }
  return { family, keys };
}

function canonicalKey(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    // A slip inside a string, such as an unknown escape: no node has such a name.
    return text;
  }
}
