import type { NodeArguments, RunArguments, RunKey } from "../server/protocol.js";

/**
 * What commands are called with: by lenses and hovers with what the protocol says, by trees with their entries, by
 * menus of editors with a uri, by the palette with nothing. Entries carry the properties of what they stand for, so
 * that one guard serves all.
 */

export function isNodeArguments(argument: unknown): argument is NodeArguments {
  return has(argument, "uri", "node");
}

export function isRunArguments(argument: unknown): argument is RunArguments {
  return (
    has(argument, "uri") &&
    "targets" in argument &&
    isNames(argument.targets) &&
    (!("noCache" in argument) || argument.noCache === undefined || isNames(argument.noCache))
  );
}

export function isRunKey(argument: unknown): argument is RunKey {
  return has(argument, "project", "run");
}

/** A node of a run, with the attempt when one of several is meant. */
export interface RunNodeArguments extends RunKey {
  readonly node: string;
  readonly attempt?: number;
}

export function isRunNodeArguments(argument: unknown): argument is RunNodeArguments {
  return isRunKey(argument) && has(argument, "node");
}

/** The pipeline file that is meant: of `{ uri }`, or a uri itself (menus of editors and of the explorer). */
export function uriOf(argument: unknown): string | undefined {
  if (has(argument, "uri")) return argument.uri;
  // A `vscode.Uri`, known by its shape: this file is used without VS Code too.
  return has(argument, "scheme", "path") ? String(argument) : undefined;
}

function has<Key extends string>(
  value: unknown,
  ...keys: readonly Key[]
): value is { readonly [key in Key]: string } {
  return (
    typeof value === "object" &&
    value !== null &&
    keys.every((key) => key in value && typeof Reflect.get(value, key) === "string")
  );
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === "string");
}
