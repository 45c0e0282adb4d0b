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
  if (keyTexts.length === 0) return family;
  return `${family}[${keyTexts.length === 1 ? keyTexts[0] : keyTexts.join(", ")}]`;
}
