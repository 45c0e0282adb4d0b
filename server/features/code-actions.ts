import {
  type CodeAction,
  type CodeActionContext,
  CodeActionKind,
  type CreateFile,
  type Diagnostic,
  type Range,
  type TextDocumentEdit,
  type TextEdit,
  type WorkspaceEdit,
} from "vscode-languageserver-types";
import type { PlacedProblem } from "../language/problems.js";
import type { Span } from "../language/syntax.js";
import { extractParam } from "./code-actions/extract-param.js";
import {
  ActionPlace,
  type CodeActionOptions,
  type Edit,
  type Fix,
  ProblemPlace,
} from "./code-actions/fix.js";
import { inlineLet } from "./code-actions/inline-let.js";
import { docComment, shorthand } from "./code-actions/rewrite.js";
import { fixes } from "./code-actions/table.js";
import { isSound } from "./code-actions/verify.js";
import type { Document, Workspace } from "./document.js";
import { t } from "./words.js";

export type { CodeActionOptions } from "./code-actions/fix.js";

export interface CodeActionProviders {
  readonly workspace: Workspace;
  /** The problems of the document as they are shown: of its text, its graph and the world. */
  readonly problems: readonly PlacedProblem[];
}

/** Somebody who selects the whole file is not after the fixes of each of its problems. */
const MOST_PROBLEMS = 20;

/** All misspelt names of a file at once, also when it is saved. */
export const FIX_ALL = `${CodeActionKind.SourceFixAll}.reprod`;

export const codeActionKinds: readonly string[] = [
  CodeActionKind.QuickFix,
  CodeActionKind.RefactorExtract,
  CodeActionKind.RefactorInline,
  CodeActionKind.RefactorRewrite,
  FIX_ALL,
];

/**
 * What can be done at a place: ways to mend its problems, and other changes. None is given that would make a problem of
 * the text that is not there yet: the program is checked with each. Cost: one such check for each action.
 */
export function codeActions(
  document: Document,
  range: Range,
  context: Pick<CodeActionContext, "diagnostics" | "only">,
  { workspace, problems }: CodeActionProviders,
  options: CodeActionOptions,
): CodeAction[] {
  const wants = (kind: string): boolean =>
    context.only?.some((only) => kind === only || kind.startsWith(`${only}.`)) ?? kind !== FIX_ALL;
  const span = document.lines.span(range);
  const own = problems.filter(({ path }) => path === document.path);
  const actions: CodeAction[] = [];
  const fixesOf = (problem: PlacedProblem): readonly Fix[] =>
    fixes.get(problem.rule.code)?.(new ProblemPlace(document, problem, workspace, options)) ?? [];

  if (wants(CodeActionKind.QuickFix)) {
    const seen = new Set<string>();
    for (const problem of own.filter((one) => touches(one.span, span)).slice(0, MOST_PROBLEMS)) {
      const diagnostics = context.diagnostics.filter((one) => isOf(document, problem, one));
      let hasSafe = false;
      for (const fix of fixesOf(problem)) {
        if (
          fix.edit === undefined &&
          fix.command === undefined &&
          !isSound(document, fix, workspace, problem)
        )
          continue;
        if (fix.safe === true) hasSafe = true;
        const action = actionOf(document, workspace, fix, CodeActionKind.QuickFix, diagnostics);
        const key = JSON.stringify([action.title, action.edit, action.command]);
        if (seen.has(key)) continue;
        seen.add(key);
        actions.push(action);
      }
      if (!hasSafe || seen.has(FIX_ALL)) continue;
      const all = allSafe(document, workspace, own, fixesOf);
      if (all === undefined || all.count < 2) continue;
      seen.add(FIX_ALL);
      actions.push(actionOf(document, workspace, all.fix, CodeActionKind.QuickFix, []));
    }
  }
  if (wants(FIX_ALL)) {
    const all = allSafe(document, workspace, own, fixesOf);
    if (all !== undefined) actions.push(actionOf(document, workspace, all.fix, FIX_ALL, []));
  }
  for (const [kind, make] of refactorings) {
    if (!wants(kind)) continue;
    for (const fix of make(new ActionPlace(document, span, workspace, options)))
      if (isSound(document, fix, workspace)) actions.push(actionOf(document, workspace, fix, kind, []));
  }
  return actions;
}

/** To add one: a function that gives fixes without a problem, and a line here. */
const refactorings: readonly (readonly [string, (place: ActionPlace) => readonly Fix[]])[] = [
  [CodeActionKind.RefactorExtract, extractParam],
  [CodeActionKind.RefactorInline, inlineLet],
  [CodeActionKind.RefactorRewrite, shorthand],
  [CodeActionKind.RefactorRewrite, docComment],
];

/** The safe fixes of all problems of a file, those left out that would change what another has changed. */
function allSafe(
  document: Document,
  workspace: Workspace,
  problems: readonly PlacedProblem[],
  fixesOf: (problem: PlacedProblem) => readonly Fix[],
): { readonly fix: Fix; readonly count: number } | undefined {
  const edits: Edit[] = [];
  let count = 0;
  for (const problem of problems) {
    const fix = fixesOf(problem).find(({ safe }) => safe);
    if (fix?.edits === undefined) continue;
    if (fix.edits.some((one) => edits.some((other) => touches(one.span, other.span)))) continue;
    edits.push(...fix.edits);
    count++;
  }
  if (count === 0) return undefined;
  const fix: Fix = { title: t("Fix all misspelt names of the file ({0})", count), edits };
  // Two that are right alone may be wrong together: then each is made alone.
  return isSound(document, fix, workspace) ? { fix, count } : undefined;
}

function touches(a: Span, b: Span): boolean {
  return a.start <= b.end && b.start <= a.end;
}

function isOf(document: Document, problem: PlacedProblem, { code, range }: Diagnostic): boolean {
  if (code !== problem.rule.code) return false;
  const { start, end } = document.lines.span(range);
  return start === problem.span.start && end === problem.span.end;
}

// ---------------------------------------------------------------- as the protocol has them

function actionOf(
  document: Document,
  workspace: Workspace,
  fix: Fix,
  kind: string,
  diagnostics: Diagnostic[],
): CodeAction {
  return {
    title: fix.title,
    kind,
    ...(diagnostics.length > 0 && { diagnostics }),
    ...(fix.preferred === true && { isPreferred: true }),
    ...(fix.command === undefined
      ? { edit: fix.edit ?? workspaceEdit(document, workspace, fix) }
      : { command: fix.command }),
  };
}

function workspaceEdit(
  document: Document,
  workspace: Workspace,
  { edits = [], created }: Fix,
): WorkspaceEdit {
  const changes: { [uri: string]: TextEdit[] } = {};
  for (const { path, span, text } of edits) {
    const own = path === document.path;
    const uri = own ? document.uri : workspace.uri(path);
    const range = (own ? document.lines : workspace.lines(path)).range(span);
    changes[uri] = [...(changes[uri] ?? []), { range, newText: text }];
  }
  if (created === undefined) return { changes };
  const uri = workspace.uri(created.path);
  const start = { line: 0, character: 0 };
  const documentChanges: (CreateFile | TextDocumentEdit)[] = [
    { kind: "create", uri, options: { ignoreIfExists: true } },
    {
      textDocument: { uri, version: null },
      edits: [{ range: { start, end: start }, newText: created.text }],
    },
  ];
  for (const [changed, textEdits] of Object.entries(changes))
    documentChanges.push({ textDocument: { uri: changed, version: null }, edits: textEdits });
  return { documentChanges };
}
