import { constantText } from "./checks/constant-text.js";
import { cycle } from "./checks/cycle.js";
import { duplicateName } from "./checks/duplicate-name.js";
import { checkImageTag } from "./checks/image-tag.js";
import { inOrParam } from "./checks/in-or-param.js";
import { checkOutsMentioned } from "./checks/out-not-mentioned.js";
import { checkOutPaths } from "./checks/out-path.js";
import { checkReservedName } from "./checks/reserved-name.js";
import { shList } from "./checks/sh-list.js";
import { checkShellVariables } from "./checks/shell-variable.js";
import { checkStagedNames } from "./checks/staged-name.js";
import { transformParts } from "./checks/transform-parts.js";
import { unknownEntry } from "./checks/unknown-entry.js";
import { unknownName } from "./checks/unknown-name.js";
import { wrongType } from "./checks/wrong-type.js";
import { checkResources, checkRetry } from "./clauses.js";
import type { Inference } from "./infer.js";
import type { Problem } from "./problems.js";
import { addNames, Local, Scope } from "./scope.js";
import { shellVariables } from "./shell-variables.js";
import { isMember } from "./signature.js";
import { mostSimilar } from "./similar.js";
import type {
  EnvClause,
  Expression,
  InClause,
  OutClause,
  ParamStatement,
  RunClause,
  Span,
  TransformItem,
  TransformStatement,
} from "./syntax.js";
import { plainText } from "./text.js";
import { checkTypeSyntax } from "./typecheck.js";
import {
  holdsData,
  isData,
  isPrintable,
  STRING,
  showType,
  type Type,
  typeFromSyntax,
  UNKNOWN,
  withoutNull,
} from "./types.js";

/** Parts that a transform has at most once. */
const once: ReadonlySet<TransformItem["kind"]> = new Set<TransformItem["kind"]>([
  "image",
  "resources",
  "retry",
  "env",
  "network",
  "user",
  "run",
]);

/** Those that get values of their own language; any other command is given in quotes. */
const interpreters: readonly string[] = ["bash", "sh", "python", "r", "node"];

/** A transform sees its own ins, params and outs only, so this depends on its text alone. */
export function checkTransform(transform: TransformStatement, text: string, inference: Inference): void {
  new TransformChecker(transform, text, inference).check();
}

class TransformChecker {
  readonly #ins: InClause[] = [];
  readonly #params: ParamStatement[] = [];
  readonly #outs: OutClause[] = [];
  /** What defaults, resources, env and outs can name; ins can be named inside some functions only. */
  readonly #scope = new Scope(undefined, true);

  constructor(
    readonly transform: TransformStatement,
    readonly text: string,
    readonly inference: Inference,
  ) {}

  get #report(): (problem: Problem) => void {
    return this.inference.emit;
  }

  check(): void {
    const run = this.#parts();
    this.#declare(run);
    this.#defaults();
    for (const item of this.transform.items) this.#clause(item);
    this.#outPaths();
    checkStagedNames(this.#ins, this.#report);
    checkOutPaths(this.#outs, this.#report);
    if (run !== undefined) this.#script(run);
  }

  /** Returns the script that counts. */
  #parts(): RunClause | undefined {
    const { inference, transform } = this;
    const seen = new Set<TransformItem["kind"]>();
    let run: RunClause | undefined;
    for (const item of transform.items) {
      if (once.has(item.kind) && seen.has(item.kind))
        inference.report(
          transformParts,
          item.kind === "run" ? item.interpreterSpan : item.span,
          `a transform has this once: "${item.kind}"`,
        );
      seen.add(item.kind);
      if (item.kind === "run") run ??= item;
    }
    if (inference.isBroken || transform.name.text === "") return run;
    if (run === undefined)
      inference.report(
        transformParts,
        transform.name.span,
        `this transform has no script, "run bash …": "${transform.name.text}"`,
      );
    else if (!seen.has("out"))
      inference.report(
        transformParts,
        transform.name.span,
        `this transform has no out: "${transform.name.text}"`,
      );
    return run;
  }

  #declare(run: RunClause | undefined): void {
    const { inference } = this;
    const interpreter = run === undefined || run.quoted ? "" : run.interpreter;
    for (const item of this.transform.items) {
      if (!isMember(item)) continue;
      checkTypeSyntax(item.type, inference);
      const type = typeFromSyntax(item.type);
      const name = item.name.text;
      if (name !== "" && this.#scope.own(name) !== undefined)
        inference.report(duplicateName, item.name.span, `ins, params and outs share their names: "${name}"`);
      else checkReservedName(item.name, interpreter, this.#report);
      if (item.kind === "in") this.#ins.push(item);
      else if (item.kind === "param") this.#params.push(item);
      else this.#outs.push(item);
      this.#dataOrValue(item, type);
      if (interpreter === "sh" && item.kind !== "out" && withoutNull(type).kind === "list")
        inference.report(shList, item.type.span, `sh has no lists, use "run bash": "${name}"`);
      if (name === "" || this.#scope.own(name) !== undefined) continue;
      // An out stands for its path. It can be named by the outs below it only, see #outPaths.
      const local = new Local(item.kind, item.name, item.kind === "out" ? STRING : type);
      if (item.kind !== "out") this.#scope.bind(local);
      inference.recorder?.resolved(item.name.span, { kind: "local", local }, local.type);
    }
  }

  #dataOrValue(item: InClause | ParamStatement | OutClause, type: Type): void {
    const { inference } = this;
    const name = item.name.text;
    if (type.kind === "unknown") return;
    if (item.kind === "in" && !isData(type))
      inference.report(
        inOrParam,
        item.type.span,
        `an in is a File or Dir, or a list of them; use param for ${showType(type)}: "${name}"`,
      );
    else if (item.kind === "in" && isNested(type))
      inference.report(inOrParam, item.type.span, `an in is at most a list of files: "${name}"`);
    else if (item.kind === "param" && holdsData(type))
      inference.report(
        inOrParam,
        item.type.span,
        `a param is a value; use in for ${showType(type)}: "${name}"`,
      );
    else if (item.kind === "out") this.#outType(item, type);
  }

  #outType(out: OutClause, type: Type): void {
    const plain = withoutNull(type);
    const isGlob = out.value.kind === "call" && out.value.callee.text === "glob";
    if (plain.kind === "list" ? plain.element.kind !== "file" : !["file", "dir"].includes(plain.kind))
      this.inference.report(
        wrongType,
        out.type.span,
        `an out is a File, a Dir or [File], not ${showType(type)}`,
      );
    else if (plain.kind === "list" && !isGlob && out.value.kind !== "broken")
      this.inference.report(
        wrongType,
        out.value.span,
        `an out of many files collects them with glob("…"): "${out.name.text}"`,
      );
    else if (plain.kind !== "list" && isGlob)
      this.inference.report(
        wrongType,
        out.type.span,
        `glob(…) finds many files, so the type is [File]: "${out.name.text}"`,
      );
  }

  // -------------------------------------------------------------- expressions

  #defaults(): void {
    const { inference } = this;
    for (const param of this.#params)
      if (param.value !== undefined)
        inference.expect(param.value, this.#scope, typeFromSyntax(param.type), `param "${param.name.text}"`);
    for (const clause of this.#ins)
      if (clause.value !== undefined)
        inference.expect(clause.value, this.#scope, typeFromSyntax(clause.type), `in "${clause.name.text}"`);
    const values = new Map<string, Expression>();
    for (const param of this.#params)
      if (param.value !== undefined && !values.has(param.name.text)) values.set(param.name.text, param.value);
    const reported = new Set<string>();
    for (const param of this.#params) {
      const path = circle(param.name.text, values);
      if (path === undefined || path.some((name) => reported.has(name))) continue;
      for (const name of path) reported.add(name);
      inference.report(
        cycle,
        param.name.span,
        `the default of this param depends on itself: "${[...path, param.name.text].join(" → ")}"`,
      );
    }
  }

  #outPaths(): void {
    const { inference } = this;
    const scope = new Scope(this.#scope);
    const below = new Set(this.#outs.map((out) => out.name.text));
    for (const out of this.#outs) {
      const names = new Set<string>();
      addNames(out.value, names);
      const inner = new Scope(scope);
      for (const name of names)
        if (below.has(name) && scope.find(name) === undefined) {
          inference.report(unknownName, out.value.span, `an out sees the outs above it only: "${name}"`);
          inner.bind(new Local("out", { kind: "name", span: out.name.span, text: name }, UNKNOWN));
        }
      inference.place = "out";
      const type = typeFromSyntax(out.type);
      if (out.value.kind === "call" && out.value.callee.text === "glob") inference.infer(out.value, inner);
      else if (withoutNull(type).kind !== "list")
        inference.expect(out.value, inner, STRING, `the path of out "${out.name.text}"`);
      else inference.look(out.value, inner);
      inference.place = undefined;
      if (out.name.text !== "" && scope.find(out.name.text) === undefined)
        scope.bind(new Local("out", out.name, STRING));
    }
  }

  #clause(item: TransformItem): void {
    const { inference } = this;
    switch (item.kind) {
      case "image":
        if (plainText(item.reference) === undefined)
          inference.report(constantText, item.reference.span, "the name of an image is plain text");
        checkImageTag(item, this.#report);
        return;
      case "tools":
        for (const tool of item.tools)
          if (tool.also !== undefined)
            inference.expect(tool.also, this.#scope, { kind: "list", element: { kind: "file" } }, `"also"`);
        return;
      case "resources":
        checkResources(item, this.#scope, inference);
        return;
      case "retry":
        checkRetry(item, this.#scope, inference);
        return;
      case "env":
        this.#env(item);
        return;
      case "in":
        if (item.stagedAs !== undefined && plainText(item.stagedAs) === undefined)
          inference.report(constantText, item.stagedAs.span, "a staged name is plain text");
        return;
      default:
        return;
    }
  }

  #env(clause: EnvClause): void {
    const { inference } = this;
    const seen = new Set<string>();
    for (const { name, value } of clause.entries) {
      if (seen.has(name.text))
        inference.report(duplicateName, name.span, `this variable is there already: "${name.text}"`);
      seen.add(name.text);
      inference.place = "env";
      inference.ask(value, isPrintable);
      const type = inference.infer(value, this.#scope);
      inference.place = undefined;
      if (!isPrintable(type))
        inference.report(
          wrongType,
          value.span,
          `a variable of the environment is one plain value, not ${showType(type)}: "${name.text}"`,
        );
    }
  }

  // -------------------------------------------------------------- the script

  #interpreter({ interpreter, interpreterSpan, quoted }: RunClause): void {
    if (quoted || interpreter === "" || interpreters.includes(interpreter)) return;
    const similar = mostSimilar(interpreter, interpreters);
    const hint = similar === undefined ? "; put any other command in quotes" : `, did you mean "${similar}"?`;
    this.inference.report(
      unknownEntry,
      interpreterSpan,
      `no interpreter is named "${interpreter}"${hint}`,
      similar ?? JSON.stringify(interpreter),
    );
  }

  #script(run: RunClause): void {
    this.#interpreter(run);
    const names = [...this.#ins, ...this.#params, ...this.#outs].map((item) => item.name.text);
    if (!run.quoted && (run.interpreter === "bash" || run.interpreter === "sh")) {
      const env = this.transform.items.flatMap((item) =>
        item.kind === "env" ? item.entries.map((entry) => entry.name.text) : [],
      );
      const place = scriptPlaces(run, this.text);
      checkShellVariables(shellVariables(run.script), names, env, place, this.#report);
    }
    // Any other interpreter gets its values in a file, and may well take all that is in it.
    if (!run.quoted) checkOutsMentioned(this.#outs, run.script, this.#report);
  }
}

/** Maps offsets of the dedented script to the declaration. */
function scriptPlaces(run: RunClause, text: string): (start: number, end: number) => Span {
  const raw = text.slice(run.scriptSpan.start, run.scriptSpan.end).split("\n");
  return (start, end) => {
    const before = run.script.slice(0, start).split("\n");
    const line = before.length - 1;
    const column = before[line]?.length ?? 0;
    let offset = run.scriptSpan.start;
    for (let at = 0; at < line; at++) offset += (raw[at]?.length ?? 0) + 1;
    const indentation = Math.min(run.indentation, raw[line]?.match(/^[ \t]*/)?.[0].length ?? 0);
    const from = offset + indentation + column;
    return { start: from, end: from + (end - start) };
  };
}

/** The params on the way from `name` back to itself, through their defaults. */
function circle(name: string, values: ReadonlyMap<string, Expression>): readonly string[] | undefined {
  const seen = new Set<string>();
  const path: string[] = [];
  const follow = (current: string): boolean => {
    const value = values.get(current);
    if (value === undefined || seen.has(current)) return false;
    seen.add(current);
    path.push(current);
    const names = new Set<string>();
    addNames(value, names);
    for (const next of names) if (next === name || follow(next)) return true;
    path.pop();
    return false;
  };
  return follow(name) ? path : undefined;
}

function isNested(type: Type): boolean {
  const plain = withoutNull(type);
  return plain.kind === "list" && withoutNull(plain.element).kind === "list";
}
