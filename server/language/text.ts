import type { Expression, StringTemplate } from "./syntax.js";

/** The text of a string without interpolation, else undefined. */
export function plainText(template: StringTemplate): string | undefined {
  let text = "";
  for (const part of template.parts) {
    if (part.kind !== "text") return undefined;
    text += part.value;
  }
  return text;
}

/** The same of any expression that is such a string. */
export function plainTextOf(expression: Expression): string | undefined {
  return expression.kind === "string" ? plainText(expression) : undefined;
}
