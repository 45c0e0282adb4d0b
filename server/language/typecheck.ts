import { checkTransform } from "./check-transform.js";
import { constantText } from "./checks/constant-text.js";
import { duplicateName } from "./checks/duplicate-name.js";
import { familyKeys } from "./checks/family-keys.js";
import { missingArgument } from "./checks/missing-argument.js";
import { outBeforeRun } from "./checks/out-before-run.js";
import { unknownArgument } from "./checks/unknown-argument.js";
import { unknownType } from "./checks/unknown-type.js";
import { reportUnused } from "./checks/unused-name.js";
import { wrongType } from "./checks/wrong-type.js";
import { checkResources, checkRetry } from "./clauses.js";
import { type FileNames, Inference, keyOrProblem, plural, type Recorder } from "./infer.js";
import type { Problem } from "./problems.js";
import { alwaysDeclared, type Block, type DeclaredName, Local, narrowingOf, Scope } from "./scope.js";
import { mostSimilar } from "./similar.js";
import type {
  BlockStatement,
  Declaration,
  ForStatement,
  IfStatement,
  InputStatement,
  NodeStatement,
  ParamStatement,
  PublishStatement,
  TableStatement,
  TargetStatement,
  TypeSyntax,
} from "./syntax.js";
import { plainText } from "./text.js";
import {
  isAssignable,
  isData,
  isMade,
  keyType,
  listOf,
  NAMED_TYPES,
  STRING,
  showType,
  type Type,
  typeFromSyntax,
  UNKNOWN,
  withoutNull,
} from "./types.js";

/** What the check of one declaration found. */
export interface Checked {
  readonly problems: readonly Problem[];
  /** Of a param, input, table or let: what its name stands for. */
  readonly type: Type | undefined;
}

/**
 * Checks one declaration against the names of its file. The result depends on nothing but the statement and the
 * answers of `names`. `text` is the declaration as it stands in the file.
 */
export function checkDeclaration(
  declaration: Declaration,
  text: string,
  names: FileNames,
  recorder?: Recorder,
): Checked {
  const problems: Problem[] = [];
  const isBroken = declaration.problems.length > 0;
  const checker = new StatementChecker(
    new Inference(names, (problem) => problems.push(problem), recorder, isBroken),
  );
  const type = checker.top(declaration, text);
  return { problems, type };
}

/** The key types of every node that a declaration holds (rule 7), without judging anything else in it. */
export function headerOf(
  declared: readonly DeclaredName[],
  names: FileNames,
): ReadonlyMap<NodeStatement, readonly Type[]> {
  const inference = new Inference(names, () => {}, undefined);
  const headers = new Map<NodeStatement, readonly Type[]>();
  for (const { node, blocks } of declared) {
    if (node === undefined) continue;
    if (node.keys.length === 0) {
      headers.set(node, []);
      continue;
    }
    const scope = scopeOf(blocks, inference);
    headers.set(
      node,
      node.keys.map((key) => keyType(inference.infer(key, scope)) ?? UNKNOWN),
    );
  }
  return headers;
}

/** The scope inside these blocks; types are worked out only for the names that a key mentions. */
function scopeOf(blocks: readonly Block[], inference: Inference): Scope {
  let scope = new Scope(undefined);
  for (const { statement, body } of blocks) {
    const outer = scope;
    scope = new Scope(outer);
    if (statement.kind === "for") {
      const element = (): Type => inference.elementOfLoop(statement.source, outer);
      for (const [at, name] of statement.names.entries())
        scope.bind(
          new Local("loop", name, () => {
            const type = element();
            if (statement.names.length === 1) return type;
            return type.kind === "tuple" ? (type.elements[at] ?? UNKNOWN) : UNKNOWN;
          }),
        );
    }
    const inner = scope;
    for (const item of body)
      if (item.kind === "let")
        scope.bind(new Local("let", item.name, () => inference.infer(item.value, inner)));
  }
  return scope;
}

class StatementChecker {
  constructor(readonly inference: Inference) {}

  top(declaration: Declaration, text: string): Type | undefined {
    const { statement } = declaration;
    const scope = new Scope(undefined);
    switch (statement.kind) {
      case "param":
        return this.#param(statement, scope);
      case "input":
        return this.#input(statement, scope);
      case "table":
        return this.#table(statement, scope);
      case "let":
        return this.inference.infer(statement.value, scope);
      case "transform":
        checkTransform(statement, text, this.inference);
        return undefined;
      case "target":
        this.#target(statement, scope);
        return undefined;
      case "publish":
        this.#publish(statement, scope);
        return undefined;
      case "import":
        if (plainText(statement.path) === undefined)
          this.inference.report(constantText, statement.path.span, "the path of an import is plain text");
        return undefined;
      case "node":
      case "for":
      case "if":
      case "check":
        this.#block([statement], scope);
        return undefined;
      case "pipeline":
      case "unparsed":
        return undefined;
    }
  }

  #param(statement: ParamStatement, scope: Scope): Type {
    checkTypeSyntax(statement.type, this.inference);
    const type = typeFromSyntax(statement.type);
    if (statement.value !== undefined)
      this.inference.expect(statement.value, scope, type, `param "${statement.name.text}"`);
    return type;
  }

  #input(statement: InputStatement, scope: Scope): Type {
    this.inference.ask(
      statement.value,
      (given) => !isMade(given) && (isData(given) || given.kind === "json"),
    );
    const type = this.inference.infer(statement.value, scope);
    const data = withoutNull(type);
    if (isMade(type))
      this.inference.report(
        outBeforeRun,
        statement.value.span,
        `an input is there before the run, what a node makes is not: "${statement.name.text}"`,
      );
    else if (!isData(type) && data.kind !== "json" && data.kind !== "null")
      this.inference.report(
        wrongType,
        statement.value.span,
        `an input is data, a File, Dir or Json; use "let" for ${showType(type)}`,
      );
    else return type;
    return UNKNOWN;
  }

  #table(statement: TableStatement, scope: Scope): Type {
    const { inference } = this;
    const type = inference.infer(statement.source, scope);
    const isRead = statement.source.kind === "call" && ["csv", "tsv"].includes(statement.source.callee.text);
    if (!isRead && type.kind !== "unknown")
      inference.report(wrongType, statement.source.span, "a table is read with csv(…) or tsv(…)");
    if (statement.columns === undefined) return type.kind === "list" ? type : UNKNOWN;
    const columns = new Map<string, Type>();
    for (const column of statement.columns) {
      checkTypeSyntax(column.type, inference);
      const columnType = typeFromSyntax(column.type);
      const cell = withoutNull(columnType);
      if (["list", "json"].includes(cell.kind))
        inference.report(wrongType, column.type.span, `a cell holds one value, not ${showType(columnType)}`);
      if (column.header !== undefined && plainText(column.header) === undefined)
        inference.report(constantText, column.header.span, "the header of a column is plain text");
      if (column.name.text === "") continue;
      if (columns.has(column.name.text))
        inference.report(
          duplicateName,
          column.name.span,
          `this table already has a column "${column.name.text}"`,
        );
      else columns.set(column.name.text, columnType);
    }
    return listOf({ kind: "row", columns });
  }

  #target(statement: TargetStatement, scope: Scope): void {
    for (const target of statement.targets) {
      this.inference.ask(target, isNodes);
      const type = this.inference.infer(target, scope);
      const node = withoutNull(type.kind === "list" ? withoutNull(type.element) : type);
      if (!["node", "family", "unknown"].includes(node.kind))
        this.inference.report(
          wrongType,
          target.span,
          `a target is a node or a family, not ${showType(type)}`,
        );
    }
  }

  #publish(statement: PublishStatement, scope: Scope): void {
    this.inference.ask(statement.value, (given) => isData(given) && isMade(given));
    const type = this.inference.infer(statement.value, scope);
    const node = withoutNull(type.kind === "list" ? withoutNull(type.element) : type);
    if (node.kind === "node" || node.kind === "family")
      this.inference.mismatch(statement.value, type, { kind: "file" }, "publish");
    else if (type.kind !== "unknown" && !(isData(type) && isMade(type)))
      this.inference.report(wrongType, statement.value.span, "publish takes an out of a node");
    this.inference.expect(statement.folder, scope, STRING, "the folder of publish");
  }

  // -------------------------------------------------------------- blocks

  #block(statements: readonly BlockStatement[], outer: Scope): void {
    const scope = new Scope(outer, false, alwaysDeclared(statements));
    const lets: Local[] = [];
    for (const statement of statements) {
      switch (statement.kind) {
        case "let": {
          const local = new Local("let", statement.name, this.inference.infer(statement.value, scope));
          this.inference.bind(local, scope);
          lets.push(local);
          break;
        }
        case "check":
          this.inference.condition(statement.condition, scope, "a check");
          if (statement.message !== undefined)
            this.inference.expect(statement.message, scope, STRING, "the message of a check");
          break;
        case "node":
          this.#node(statement, scope);
          break;
        case "for":
          this.#for(statement, scope);
          break;
        case "if":
          this.#if(statement, scope);
          break;
      }
    }
    if (this.inference.isBroken) return;
    for (const local of lets)
      if (!local.used && local.name.text !== "")
        reportUnused("let", local.name, (problem) => this.inference.emit(problem));
  }

  #for(statement: ForStatement, scope: Scope): void {
    const element = this.inference.elementOfLoop(statement.source, scope);
    const inner = new Scope(scope);
    this.inference.bindLoop(statement.names, element, inner);
    this.#block(statement.body, inner);
  }

  #if(statement: IfStatement, scope: Scope): void {
    this.inference.condition(statement.condition, scope, "the condition of an if");
    const narrowing = narrowingOf(statement.condition);
    this.#block(statement.then, scope.narrowed(narrowing.whenTrue));
    if (statement.otherwise !== undefined)
      this.#block(statement.otherwise, scope.narrowed(narrowing.whenFalse));
  }

  // -------------------------------------------------------------- nodes

  #node(node: NodeStatement, scope: Scope): void {
    const { inference } = this;
    const name = node.name.text;
    if (name !== "") {
      const family = inference.names.find(name, false);
      if (family?.kind === "node")
        inference.recorder?.resolved(node.name.span, { kind: "file-name", name }, family.type);
      this.#keys(node, scope, family?.kind === "node" ? family.type : UNKNOWN);
    } else for (const key of node.keys) inference.infer(key, scope);
    this.#arguments(node, scope);
    if (node.resources !== undefined) checkResources(node.resources, scope, inference);
    if (node.retry !== undefined) checkRetry(node.retry, scope, inference);
  }

  #keys(node: NodeStatement, scope: Scope, declared: Type): void {
    const { inference } = this;
    const types = node.keys.map((key) => keyOrProblem(inference, key, inference.infer(key, scope)));
    const wanted = declared.kind === "family" ? declared.keys : declared.kind === "node" ? [] : undefined;
    if (wanted === undefined) return;
    if (wanted.length !== types.length) {
      inference.report(
        familyKeys,
        node.name.span,
        `this name is first declared with ${plural(wanted.length, "key")}, here with ${types.length}: "${node.name.text}"`,
      );
      return;
    }
    for (const [at, type] of types.entries()) {
      const first = wanted[at];
      const key = node.keys[at];
      if (first === undefined || key === undefined) continue;
      if (first.kind !== type.kind && first.kind !== "unknown" && type.kind !== "unknown")
        inference.report(
          familyKeys,
          key.span,
          `key ${at + 1} of "${node.name.text}" is first declared as ${showType(first)}, here as ${showType(type)}`,
        );
    }
  }

  #arguments(node: NodeStatement, scope: Scope): void {
    const { inference } = this;
    const found = node.transform.text === "" ? undefined : inference.names.find(node.transform.text, true);
    if (found === undefined && node.transform.text !== "")
      inference.unknownName(
        { span: node.transform.span, name: node.transform.text },
        inference.names.similar(node.transform.text, "transforms"),
      );
    const isTransform = found?.kind === "transform" || found?.kind === "import";
    if (found !== undefined && !isTransform && found.kind !== "unsure")
      inference.report(
        wrongType,
        node.transform.span,
        `a node is made by a transform; this is a ${found.kind}: "${node.transform.text}"`,
      );
    if (isTransform)
      inference.recorder?.resolved(
        node.transform.span,
        { kind: "file-name", name: node.transform.text },
        found.type,
      );
    const signature = isTransform ? found.signature : undefined;
    const given = new Set<string>();
    for (const argument of node.arguments) {
      const name = argument.name.text;
      const parameter = signature?.arguments.get(name);
      if (given.has(name) && name !== "")
        inference.report(duplicateName, argument.name.span, `this argument is given twice: "${name}"`);
      given.add(name);
      if (signature === undefined || name === "") {
        inference.infer(argument.value, scope);
        continue;
      }
      if (parameter === undefined) {
        // The short form of an unknown argument is one mistake, even when its value is unknown as well.
        if (!argument.shorthand) inference.infer(argument.value, scope);
        else {
          inference.look(argument.value, scope);
          inference.names.find(name, true);
        }
        const similar = mostSimilar(name, signature.arguments.keys());
        const hint = similar === undefined ? "" : `, did you mean "${similar}"?`;
        const isOut = signature.members.has(name);
        inference.report(
          unknownArgument,
          argument.name.span,
          isOut
            ? `an out is made, not given: "${name}"`
            : `"${node.transform.text}" has no in or param "${name}"${hint}`,
          similar,
        );
        continue;
      }
      if (!argument.shorthand)
        inference.recorder?.resolved(
          argument.name.span,
          { kind: "transform-member", owner: signature.members, name },
          parameter.type,
        );
      const type = inference.expect(argument.value, scope, parameter.type, `${parameter.kind} "${name}"`);
      if (parameter.kind === "param" && isAssignable(type, parameter.type))
        inference.refuseMade(argument.value, type, "the value of a param");
    }
    if (signature === undefined || this.inference.isBroken) return;
    const missing: string[] = [];
    for (const [name, parameter] of signature.arguments)
      if (parameter.required && !given.has(name)) missing.push(`"${name}"`);
    if (missing.length > 0)
      inference.report(
        missingArgument,
        node.transform.span,
        `"${node.transform.text}" needs ${missing.length === 1 ? "an argument" : "arguments"} that ${missing.length === 1 ? "is" : "are"} not given: ${missing.join(", ")}`,
      );
  }
}

/** A node, a family, or a list of nodes. */
function isNodes(type: Type): boolean {
  const { kind } = withoutNull(type.kind === "list" ? withoutNull(type.element) : type);
  return kind === "node" || kind === "family";
}

/** Reports names in a type as written that are no types. */
export function checkTypeSyntax(syntax: TypeSyntax, inference: Inference): void {
  switch (syntax.kind) {
    case "named-type": {
      if (syntax.name === "" || NAMED_TYPES.has(syntax.name)) return;
      const similar = mostSimilar(syntax.name, NAMED_TYPES.keys());
      const hint = similar === undefined ? "" : `, did you mean "${similar}"?`;
      inference.report(unknownType, syntax.span, `no type is named "${syntax.name}"${hint}`, similar);
      return;
    }
    case "list-type":
      checkTypeSyntax(syntax.element, inference);
      return;
    case "optional-type":
      checkTypeSyntax(syntax.inner, inference);
      return;
    case "choice-type": {
      const seen = new Set<string>();
      for (const choice of syntax.choices) {
        const text = plainText(choice);
        if (text === undefined) inference.report(constantText, choice.span, "a choice is plain text");
        else if (seen.has(text))
          inference.report(
            duplicateName,
            choice.span,
            `this choice is there already: ${JSON.stringify(text)}`,
          );
        else seen.add(text);
      }
      return;
    }
    case "broken-type":
      return;
  }
}
