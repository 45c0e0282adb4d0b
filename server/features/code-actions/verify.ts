import * as path from "node:path";
import { badEscape } from "../../language/checks/bad-escape.js";
import { nestingLimit } from "../../language/checks/nesting-limit.js";
import { reservedWord } from "../../language/checks/reserved-word.js";
import { syntax } from "../../language/checks/syntax.js";
import { unclosedScript } from "../../language/checks/unclosed-script.js";
import { unclosedString } from "../../language/checks/unclosed-string.js";
import type { PlacedProblem, Rule } from "../../language/problems.js";
import { loadProgram, type Program } from "../../language/program.js";
import type { Document, Workspace } from "../document.js";
import type { Edit, Fix } from "./fix.js";

/** A text with edits of its file made. Undefined when they overlap. */
function edited(text: string, edits: readonly Edit[]): string | undefined {
  const sorted = edits.toSorted((a, b) => b.span.start - a.span.start || b.span.end - a.span.end);
  let result = text;
  let before = Number.POSITIVE_INFINITY;
  for (const { span, text: replacement } of sorted) {
    if (span.end > before || span.start > span.end) return undefined;
    before = span.start;
    result = result.slice(0, span.start) + replacement + result.slice(span.end);
  }
  return result;
}

/** The program as it would be with the edits. Costs a check of what they touch. */
function programWith(
  { program, path: root }: Document,
  { edits = [], created }: Fix,
  workspace: Workspace,
): Program | undefined {
  const texts = new Map<string, string>();
  for (const [file, { file: source }] of program.modules) {
    const own = edits.filter((edit) => edit.path === file);
    const text = edited(source.text, own);
    if (text === undefined) return undefined;
    texts.set(file, text);
  }
  if (created !== undefined) texts.set(created.path, created.text);
  return loadProgram(
    root,
    {
      // What is imported only then is as some program of the workspace has read it.
      read: (file) => texts.get(file) ?? textIn(workspace, file),
      resolve: (from, reference) => path.resolve(path.dirname(from), reference),
    },
    program,
  );
}

function textIn(workspace: Workspace, file: string): string | undefined {
  for (const { modules } of workspace.programs()) {
    const module = modules.get(file);
    if (module !== undefined) return module.file.text;
  }
  return undefined;
}

/** What keeps a declaration from being read; what it says is checked only when they are gone. */
const ofParser: ReadonlySet<Rule> = new Set([
  syntax,
  badEscape,
  nestingLimit,
  reservedWord,
  unclosedScript,
  unclosedString,
]);

/**
 * Whether a fix makes no problem of the text that was not there. Problems are known again by what they say, since
 * places move. `problem` is the one that has to be gone; the text does not tell of those that need the world.
 */
export function isSound(
  document: Document,
  fix: Fix,
  workspace: Workspace,
  problem?: PlacedProblem,
): boolean {
  const after = programWith(document, fix, workspace);
  if (after === undefined) return false;
  const isReading = problem !== undefined && ofParser.has(problem.rule);
  const counts = (one: PlacedProblem): boolean => !isReading || ofParser.has(one.rule);
  const before = counted(document.program.problems.filter(counts));
  const left = counted(after.problems.filter(counts));
  for (const [key, count] of left) if (count > (before.get(key) ?? 0)) return false;
  if (problem === undefined) return true;
  const key = keyOf(problem);
  const was = before.get(key);
  return was === undefined || (left.get(key) ?? 0) < was;
}

function counted(problems: readonly PlacedProblem[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const problem of problems) {
    const key = keyOf(problem);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function keyOf({ path: file, rule, message }: PlacedProblem): string {
  return `${file}\0${rule.code}\0${message}`;
}
