import { Failure } from "../../base/failure.js";
import { FloatValue } from "../../graph/value.js";
import type { HandedValue } from "../executor.js";

export type Values = { readonly [name: string]: HandedValue };

/**
 * How a language gets the values of a node (language.md rule 20): as a text of its own beside the script, which stays
 * as written, so that no value can break or inject code and lines in error messages are those of the script.
 */
export interface Preamble {
  /** Name of the file with the values; it lies where the script does. */
  readonly file: string;
  /** Its text. Throws `Failure` `unsuitable-value` for a value that the language has no way to hold. */
  readonly text: (values: Values) => string;
  /** The whole command. Its paths are relative to the working folder and the same for every attempt (A6). */
  readonly command: (interpreter: readonly string[]) => readonly string[];
  /** Environment that the command needs besides the script's own. */
  readonly environment: { readonly [name: string]: string };
}

/** The script as the interpreter and its error messages see it: beside the working folder, where no out can be. */
export const SCRIPT_PATH = "../script";

/** The failure of a value that cannot be handed over. */
export function unsuitable(name: string, language: string, what: string): Failure {
  return new Failure("unsuitable-value", `${language} cannot hold ${what}: "${name}"`, {
    why: "Values become native variables of the script.",
    fix: "Change the value, or run the script with another interpreter.",
  });
}

/** JavaScript's shortest text that reads back as the same number; it is valid in every language here. -0 is 0 (A5). */
export function numberText(value: number): string {
  return String(value);
}

/** Plain JSON: a Float is a number like any other there. */
export function jsonText(value: HandedValue | Values): string {
  return JSON.stringify(value, (_key, part: unknown) => (part instanceof FloatValue ? part.value : part));
}

export function isList(value: HandedValue): value is readonly HandedValue[] {
  return Array.isArray(value);
}
