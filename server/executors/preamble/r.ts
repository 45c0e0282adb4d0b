import { FloatValue } from "../../graph/value.js";
import type { HandedValue } from "../executor.js";
import { isList, numberText, type Preamble, SCRIPT_PATH, unsuitable } from "./contract.js";

/**
 * Evaluates the script's expressions one by one at top level and prints values as `Rscript file` does. R itself does not
 * say where an error is; this names the line at which its expression begins. One line: `-e` takes no others.
 */
const LAUNCHER = [
  'base::source("../values.R", encoding = "UTF-8")',
  "local({ options(keep.source = TRUE)",
  `parts <- parse("${SCRIPT_PATH}", keep.source = TRUE, encoding = "UTF-8")`,
  'lines <- vapply(attr(parts, "srcref"), function(place) place[[1L]], 1L)',
  `run <- function(part, line) withCallingHandlers(withVisible(eval(part, globalenv())), error = function(e) message("${SCRIPT_PATH}:", line, ": an error in the expression that begins here"))`,
  "for (i in seq_along(parts)) { got <- run(parts[[i]], lines[[i]]); if (got$visible) { if (isS4(got$value)) methods::show(got$value) else print(got$value) } } })",
].join("; ");

/** R takes no longer string with escapes in its source. */
const LONGEST_LITERAL = 5000;

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

/** Everything that is not printable ASCII is `\\U{…}`: R refuses a string that mixes it with other escapes. */
function stringLiteral(name: string, text: string): string {
  if (text.includes("\0")) throw unsuitable(name, "R", "a NUL character in a string");
  const characters = [...text];
  const parts: string[] = [];
  for (let at = 0; at === 0 || at < characters.length; at += LONGEST_LITERAL) {
    parts.push(
      `"${characters
        .slice(at, at + LONGEST_LITERAL)
        .map(escaped)
        .join("")}"`,
    );
  }
  return parts.length === 1 ? (parts[0] ?? '""') : `paste0(${parts.join(", ")})`;
}

function escaped(character: string): string {
  if (character === '"' || character === "\\") return `\\${character}`;
  if (character >= " " && character <= "~") return character;
  return `\\U{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
