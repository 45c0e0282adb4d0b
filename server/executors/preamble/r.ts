import { FloatValue } from "../../graph/value.js";
import type { HandedValue } from "../executor.js";
import { isList, numberText, type Preamble, SCRIPT_PATH, unsuitable } from "./contract.js";

/** Errors name the script's lines, and top-level values are printed as `Rscript file` prints them. */
const LAUNCHER = [
  "options(keep.source = TRUE, show.error.locations = TRUE)",
  'base::source("../values.R", encoding = "UTF-8")',
  `base::source("${SCRIPT_PATH}", encoding = "UTF-8", print.eval = TRUE)`,
].join("; ");

/** R: native values, paths as strings, null as NULL; a list of one kind of value is a vector. */
export const r: Preamble = {
  file: "values.R",
  text: (values) =>
    Object.entries(values)
      .map(([name, value]) => `${symbol(name)} <- ${literal(name, value)}\n`)
      .join(""),
  // `--vanilla`: no start-up file of the machine changes what a script does.
  command: (interpreter) => [...interpreter, "--vanilla", "-e", LAUNCHER],
  environment: {},
};

/** A name that begins with `_` is none in R, except within back-ticks. */
function symbol(name: string): string {
  return `\`${name}\``;
}

function literal(name: string, value: HandedValue): string {
  if (value === null) return "NULL";
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE";
  if (typeof value === "string") return stringLiteral(name, value);
  // R's integers have 32 bits; larger ones are exact as doubles up to 2^53.
  if (typeof value === "number")
    return Math.abs(value) <= 0x7fffffff ? `${numberText(value)}L` : numberText(value);
  if (value instanceof FloatValue) return numberText(value.value);
  if (isList(value)) {
    const kinds = new Set(value.map(kind));
    const vector = kinds.size === 1 && !kinds.has("other");
    return `${vector ? "c" : "list"}(${value.map((element) => literal(name, element)).join(", ")})`;
  }
  const parts = Object.entries(value);
  if (parts.length === 0) return "structure(list(), names = character(0))";
  const names = parts.map(([key]) => stringLiteral(name, key)).join(", ");
  return `structure(list(${parts.map(([, part]) => literal(name, part)).join(", ")}), names = c(${names}))`;
}

/** What may stand in one vector without being changed by it. */
function kind(value: HandedValue): "string" | "boolean" | "number" | "other" {
  if (typeof value === "string" || typeof value === "boolean" || typeof value === "number") {
    return typeof value === "string" ? "string" : typeof value === "boolean" ? "boolean" : "number";
  }
  return value instanceof FloatValue ? "number" : "other";
}

/** Everything that is not printable ASCII is `\\u{…}`: R refuses a string that mixes it with other escapes. */
function stringLiteral(name: string, text: string): string {
  if (text.includes("\0")) throw unsuitable(name, "R", "a NUL character in a string");
  const escaped = text.replace(/["\\]|[^ -~]/gu, (character) =>
    character === '"' || character === "\\"
      ? `\\${character}`
      : `\\U{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return `"${escaped}"`;
}
