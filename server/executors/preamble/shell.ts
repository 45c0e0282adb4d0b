import { FloatValue } from "../../graph/value.js";
import type { HandedValue } from "../executor.js";
import { jsonText, numberText, unsuitable } from "./contract.js";

/**
 * What bash and sh share. Within single quotes a shell takes every character as itself; the quote is the one that has
 * to be said otherwise.
 */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The text that a variable gets: null is empty, Json (and whatever lies within a list's element) is its JSON text. */
export function shellText(name: string, language: string, value: HandedValue): string {
  const text =
    value === null
      ? ""
      : typeof value === "string"
        ? value
        : typeof value === "boolean"
          ? String(value)
          : typeof value === "number"
            ? numberText(value)
            : value instanceof FloatValue
              ? numberText(value.value)
              : jsonText(value);
  if (text.includes("\0")) throw unsuitable(name, language, "a NUL character in a variable");
  return text;
}

/**
 * Runs values and script in one shell. Reading them with `.` makes error messages name the script and its lines;
 * `$0` is the script too.
 */
export const SHELL_COMMAND = (values: string, script: string): readonly string[] => [
  "-c",
  `. ${values}\n. ${script}`,
  script,
];

/**
 * The shell has found out where it is and would tell its children. `.` is true as well, and lets `"$PWD/file"` be a
 * path that is the same in every folder (A6); assigned after `unset`, it is not exported.
 */
export const NEUTRAL_FOLDER = "unset PWD OLDPWD SHLVL\nPWD=.\n";
