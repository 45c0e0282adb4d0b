import type { Location, Position, Range } from "vscode-languageserver-types";
import type { Module, Program } from "../language/program.js";
import type { Span } from "../language/syntax.js";
import type { Lines } from "./lines.js";

/** A pipeline file as features see it: one version of its text, checked. */
export interface Document {
  /** Absolute. */
  readonly path: string;
  readonly uri: string;
  readonly text: string;
  readonly lines: Lines;
  /** The program with this file as its root: the file and all that it imports. */
  readonly program: Program;
  /** The file's own module: `program.root`. */
  readonly module: Module;
}

/** The other files, for features that reach beyond one document. */
export interface Workspace {
  /**
   * Every program of the workspace that has this file in it, its own first: a transform is used by the pipelines that
   * import it. They share what they can, but a symbol must be looked for in each.
   */
  programsWith(path: string): readonly Program[];
  /** Every program whose root is a pipeline file of the workspace. */
  programs(): readonly Program[];
  /** Lines of a file as the programs have it. */
  lines(path: string): Lines;
  uri(path: string): string;
  /** Names of files and folders in a folder, or undefined when it cannot be read: for completing paths. */
  list(folder: string): readonly { readonly name: string; readonly folder: boolean }[] | undefined;
}

export function locationIn(workspace: Workspace, path: string, span: Span): Location {
  return { uri: workspace.uri(path), range: workspace.lines(path).range(span) };
}

export type { Location, Position, Range };
