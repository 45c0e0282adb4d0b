import { familyKeys } from "./checks/family-keys.js";
import { misplaced } from "./checks/misplaced.js";
import { numberRange } from "./checks/number-range.js";
import { outBeforeRun } from "./checks/out-before-run.js";
import { shadowing } from "./checks/shadowing.js";
import { unknownFunction } from "./checks/unknown-function.js";
import { unknownMember } from "./checks/unknown-member.js";
import { unknownName } from "./checks/unknown-name.js";
import { wrongType } from "./checks/wrong-type.js";
import {
  type FunctionParameter,
  type FunctionPlace,
  type FunctionSignature,
  functions,
  isOrdered,
  refusesMade,
} from "./functions.js";
import { type Problem, problem, type Rule } from "./problems.js";
import { type FileName, functionNames, Local, narrowingOf, pathOf, Scope } from "./scope.js";
import { outsFitting } from "./signature.js";
import { mostSimilar } from "./similar.js";
import type {
  Binary,
  Call,
  CallArgument,
  Comprehension,
  Expression,
  Index,
  Member,
  Name,
  NameReference,
  NumberLiteral,
  Span,
} from "./syntax.js";
import {
  BOOL,
  BYTES,
  DURATION,
  FLOAT,
  holdsData,
  INT,
  isAssignable,
  isMade,
  isNumber,
  isPrintable,
  JSON_TYPE,
  joinTypes,
  keyType,
  listOf,
  NULL,
  optionalOf,
  STRING,
  showType,
  type Type,
  UNKNOWN,
  withoutNull,
} from "./types.js";
import { isSizeUnit } from "./units.js";

/** The names of the file as a check may ask for them; every question is remembered, so that the check can be kept. */
export interface FileNames {
  /** Undefined when nothing of the file has this name. `uses` says that it is a use, not only a look. */
  find(name: string, uses: boolean): FileName | undefined;
  /** The name of the file, or of its transforms only, that is most likely meant: for "did you mean". */
  similar(name: string, among: "all" | "transforms"): string | undefined;
}

/** What a name in the text stands for: for hover, definition and rename. */
export type Resolution =
  | { readonly kind: "file-name"; readonly name: string }
  | { readonly kind: "local"; readonly local: Local }
  | { readonly kind: "function"; readonly signature: FunctionSignature }
  /** A member of a node, or an argument given to a node. */
  | { readonly kind: "transform-member"; readonly owner: ReadonlyMap<string, unknown>; readonly name: string }
  | { readonly kind: "column"; readonly columns: ReadonlyMap<string, Type>; readonly name: string };

/** What is asked for where an expression stands. */
export interface Expectation {
  readonly fits: (type: Type) => boolean;
  /** Undefined where several types would do. */
  readonly type: Type | undefined;
}

/** Where an expression stands: what can be named there. */
export interface Surroundings {
  readonly scope: Scope;
  readonly place: FunctionPlace | undefined;
  /** Ins of a transform can be named: only inside `basename`, `stem` and `size`. */
  readonly insVisible: boolean;
}

/** Listens to a check. What is optional is told to those who ask for it, at no cost for all others. */
export interface Recorder {
  resolved(span: Span, resolution: Resolution, type: Type): void;
  /** Before an expression is judged; its scope holds the names that are bound by then. */
  entered?(expression: Expression, surroundings: Surroundings): void;
  inferred?(expression: Expression, type: Type): void;
  expected?(expression: Expression, expectation: Expectation): void;
}

/**
 * Types of expressions. Every method reports what is wrong and then goes on with the most likely type, or with
 * `unknown`, which agrees with everything: one mistake gives one problem.
 */
export class Inference {
  /** Where the expression stands, for the functions that belong to one place only. */
  place: FunctionPlace | undefined;
  /** Ins of a transform can be named: only inside `basename`, `stem` and `size`. */
  #insVisible = false;

  constructor(
    readonly names: FileNames,
    readonly emit: (problem: Problem) => void,
    readonly recorder: Recorder | undefined,
    /** The parser found something wrong: what seems to be missing may only be half-typed. */
    readonly isBroken = false,
  ) {}

  report(rule: Rule, span: Span, message: string, suggestion?: string): void {
    this.emit(problem(rule, span, message, suggestion));
  }

  /** Tells the recorder of an expression that is not judged by itself. */
  look(expression: Expression, scope: Scope): void {
    this.recorder?.entered?.(expression, { scope, place: this.place, insVisible: this.#insVisible });
  }

  /** Tells the recorder what is asked for. */
  ask(expression: Expression | undefined, fits: (type: Type) => boolean, type?: Type): void {
    if (expression !== undefined) this.recorder?.expected?.(expression, { fits, type });
  }

  #askFor(expression: Expression, wanted: Type): void {
    if (this.recorder?.expected !== undefined)
      this.ask(expression, (type) => isAssignable(type, wanted), wanted);
  }

  /** The type of an expression that has to be a `wanted`; `what` names it in the message: `argument "reads"`. */
  expect(expression: Expression, scope: Scope, wanted: Type, what: string): Type {
    this.#askFor(expression, wanted);
    const target = withoutNull(wanted);
    if (expression.kind === "list" && (target.kind === "list" || target.kind === "json")) {
      // Each element is judged by itself: so the message is at the right one, and a Json may mix them.
      for (const item of expression.items) this.#expectElement(item, scope, target, what);
      return wanted;
    }
    const type = this.infer(expression, scope);
    if (!isAssignable(type, wanted)) this.mismatch(expression, type, wanted, what);
    return type;
  }

  #expectElement(
    item: Expression,
    scope: Scope,
    list: Extract<Type, { kind: "list" | "json" }>,
    what: string,
  ): void {
    const wanted = list.kind === "list" ? list.element : list;
    this.#askFor(item, wanted);
    if (item.kind === "list") this.expect(item, scope, wanted, `an inner list of ${what}`);
    else {
      // Absent elements are left out (rule 11).
      const type = withoutNull(this.infer(item, scope));
      if (type.kind !== "null" && !isAssignable(type, wanted))
        this.mismatch(item, type, wanted, `an element of ${what}`);
    }
  }

  mismatch(expression: Expression, type: Type, wanted: Type, what: string): void {
    const node = withoutNull(type.kind === "list" ? type.element : type);
    if (node.kind === "node" || node.kind === "family") {
      const [out, ...others] = outsFitting(node.members, type.kind === "list" ? elementOf(wanted) : wanted);
      const path = pathOf(expression);
      const wildcards = node.kind === "family" ? `[${node.keys.map(() => "*").join(", ")}]` : "";
      if (out !== undefined && path !== undefined) {
        const suggestion = `${path}${wildcards}.${out}`;
        const reason = others.length === 0 ? "; its out is meant" : "; name one of its outs";
        this.report(
          wrongType,
          expression.span,
          `${what} needs ${showType(wanted)}, and a node is not one${reason}: "${suggestion}"`,
          suggestion,
        );
      } else
        this.report(
          wrongType,
          expression.span,
          `${what} needs ${showType(wanted)}, and a node is not one; name an out of it`,
        );
      return;
    }
    if (type.kind === "optional" && isAssignable(type.inner, wanted))
      this.report(
        wrongType,
        expression.span,
        `${what} needs ${showType(wanted)}, but this may be null: ${showType(type)}`,
      );
    else if (wanted.kind === "list" && isAssignable(type, wanted.element))
      this.report(
        wrongType,
        expression.span,
        `${what} needs a list, ${showType(wanted)}, found ${showType(type)}; put it in brackets`,
      );
    else if (withoutNull(wanted).kind === "choice" && type.kind === "choice") {
      const target = withoutNull(wanted);
      const choices = target.kind === "choice" ? target.choices : [];
      const stray = type.choices.find((choice) => !choices.includes(choice)) ?? "";
      const similar = mostSimilar(stray, choices);
      this.report(
        wrongType,
        expression.span,
        `${what} needs ${showType(wanted)}, found ${JSON.stringify(stray)}`,
        similar === undefined || expression.kind !== "string" ? undefined : JSON.stringify(similar),
      );
    } else
      this.report(
        wrongType,
        expression.span,
        `${what} needs ${showType(wanted)}, found ${showType(type)}`,
        dataAt(expression, type, withoutNull(wanted)),
      );
  }

  /** A value that something is decided by: it must be known before a run. */
  refuseMade(expression: Expression, type: Type, doing: string): boolean {
    if (!isMade(type)) return false;
    this.report(
      outBeforeRun,
      expression.span,
      `what a node makes is not known before a run: it cannot be ${doing}`,
    );
    return true;
  }

  infer(expression: Expression, scope: Scope): Type {
    if (this.recorder === undefined) return this.#inferInPlace(expression, scope);
    this.look(expression, scope);
    const type = this.#inferInPlace(expression, scope);
    this.recorder.inferred?.(expression, type);
    return type;
  }

  #inferInPlace(expression: Expression, scope: Scope): Type {
    if (this.place === undefined || this.place === "resources" || expression.kind === "call")
      return this.#infer(expression, scope);
    // `glob` and `secret` are the whole value, never a part of one.
    const { place } = this;
    this.place = undefined;
    const type = this.#infer(expression, scope);
    this.place = place;
    return type;
  }

  #infer(expression: Expression, scope: Scope): Type {
    switch (expression.kind) {
      case "null":
        return NULL;
      case "boolean":
        return BOOL;
      case "number":
        return this.#number(expression, false);
      case "string": {
        let constant = "";
        let isConstant = true;
        for (const part of expression.parts) {
          if (part.kind === "text") {
            constant += part.value;
            continue;
          }
          isConstant = false;
          this.#printable(part.expression, scope);
        }
        return isConstant ? { kind: "choice", choices: [constant] } : STRING;
      }
      case "list": {
        let element: Type = UNKNOWN;
        for (const item of expression.items) {
          const type = this.infer(item, scope);
          const joined = joinTypes(element, type);
          if (joined !== undefined) element = joined;
          else
            this.report(
              wrongType,
              item.span,
              `the elements of a list have one type: the ones before are ${showType(element)}, this is ${showType(type)}`,
            );
        }
        return listOf(element);
      }
      case "comprehension":
        return this.#comprehension(expression, scope);
      case "reference":
        return this.#reference(expression, scope);
      case "member":
        return this.#member(expression, scope);
      case "index":
        return this.#index(expression, scope);
      case "call":
        return this.#call(expression, scope);
      case "unary": {
        if (expression.operator === "not") {
          this.condition(expression.operand, scope, "not");
          return BOOL;
        }
        const operand = expression.operand;
        const type = operand.kind === "number" ? this.#number(operand, true) : this.infer(operand, scope);
        if (isNumber(type) || ["duration", "json", "unknown"].includes(type.kind)) return type;
        this.report(wrongType, expression.span, `"-" needs a number, found ${showType(type)}`);
        return UNKNOWN;
      }
      case "binary":
        return this.#binary(expression, scope);
      case "conditional": {
        this.condition(expression.condition, scope, "the condition before ?");
        const narrowing = narrowingOf(expression.condition);
        const then = this.infer(expression.then, scope.narrowed(narrowing.whenTrue));
        const otherwise = this.infer(expression.otherwise, scope.narrowed(narrowing.whenFalse));
        const joined = joinTypes(then, otherwise);
        if (joined !== undefined) return joined;
        this.report(
          wrongType,
          expression.span,
          `both branches have one type: these are ${showType(then)} and ${showType(otherwise)}`,
        );
        return UNKNOWN;
      }
      case "broken":
        return UNKNOWN;
    }
  }

  condition(expression: Expression, scope: Scope, what: string): void {
    this.expect(expression, scope, BOOL, what);
  }

  #printable(expression: Expression, scope: Scope): void {
    this.ask(expression, isPrintable);
    const type = this.infer(expression, scope);
    if (isPrintable(type)) return;
    if (type.kind === "optional" && isPrintable(type.inner))
      this.report(
        wrongType,
        expression.span,
        `a value in a text must not be null; say what stands there instead with "??": ${showType(type)}`,
      );
    else if (type.kind === "list")
      this.report(wrongType, expression.span, "a list cannot stand in a text; use join(…)");
    else if (type.kind === "file" || type.kind === "dir")
      this.report(wrongType, expression.span, `a ${showType(type)} has no text of its own; use basename(…)`);
    else
      this.report(
        wrongType,
        expression.span,
        `one plain value can stand in a text, not ${article(showType(type))}`,
      );
  }

  #number(literal: NumberLiteral, negative: boolean): Type {
    if (literal.unit !== undefined) return isSizeUnit(literal.unit) ? BYTES : DURATION;
    if (/[.eE]/.test(literal.text)) {
      if (!Number.isFinite(Number(literal.text)))
        this.report(numberRange, literal.span, `no Float is that large: "${literal.text}"`);
      return FLOAT;
    }
    if (literal.text !== "" && !Number.isSafeInteger(Number(literal.text)))
      this.report(
        numberRange,
        literal.span,
        `an Int is ${negative ? "at least −" : "at most "}9007199254740991 (2^53 − 1), not "${literal.text}"`,
      );
    return INT;
  }

  // -------------------------------------------------------------- names

  #reference(reference: NameReference, scope: Scope): Type {
    if (reference.name === "") return UNKNOWN;
    const local = scope.find(reference.name);
    if (local !== undefined) {
      local.used = true;
      this.recorder?.resolved(reference.span, { kind: "local", local }, local.type);
      if (local.kind === "in" && !this.#insVisible) {
        this.report(
          misplaced,
          reference.span,
          `an in is not known before it is staged: here it can be named only in ${this.place === "resources" ? "size(…)" : "basename(…) and stem(…)"}: "${reference.name}"`,
        );
        return UNKNOWN;
      }
      return this.#present(reference, local.type, scope);
    }
    if (scope.isClosed) {
      this.unknownName(
        reference,
        mostSimilar(reference.name, scope.names()),
        "a transform sees its own names only: ",
      );
      return UNKNOWN;
    }
    const found = this.names.find(reference.name, true);
    if (found === undefined) {
      const close = [mostSimilar(reference.name, scope.names()), this.names.similar(reference.name, "all")];
      this.unknownName(
        reference,
        mostSimilar(
          reference.name,
          close.filter((name) => name !== undefined),
        ),
      );
      return UNKNOWN;
    }
    this.recorder?.resolved(reference.span, { kind: "file-name", name: reference.name }, found.type);
    if (found.kind === "transform" || found.kind === "import") {
      this.report(wrongType, reference.span, `a transform is not a value: "${reference.name}"`);
      return UNKNOWN;
    }
    const type = found.conditional && !scope.hasNode(reference.name) ? optionalOf(found.type) : found.type;
    return this.#present(reference, type, scope);
  }

  unknownName(
    place: { readonly span: Span; readonly name: string },
    similar: string | undefined,
    prefix = "",
  ): void {
    const hint = similar === undefined ? "" : `, did you mean "${similar}"?`;
    this.report(unknownName, place.span, `${prefix}nothing is named "${place.name}"${hint}`, similar);
  }

  /** What a comparison with null around this place has shown. */
  #present(expression: Expression, type: Type, scope: Scope): Type {
    if (type.kind !== "optional") return type;
    const path = pathOf(expression);
    return path !== undefined && scope.isNotNull(path) ? type.inner : type;
  }

  #member(expression: Member, scope: Scope): Type {
    const object = this.infer(expression.object, scope);
    const { text } = expression.member;
    if (text === "") return UNKNOWN;
    this.ask(expression.object, (type) => hasMember(type, text));
    if (object.kind === "optional") {
      if (!expression.optional) {
        if (memberless(object.inner)) return this.#memberOf(expression, object.inner);
        this.report(
          wrongType,
          expression.member.span,
          `this may be null (${showType(object)}): use "?." or compare it with null first: "${expression.member.text}"`,
        );
        return this.#memberOf(expression, object.inner);
      }
      return this.#present(expression, optionalOf(this.#memberOf(expression, object.inner)), scope);
    }
    if (object.kind === "null") {
      this.report(wrongType, expression.member.span, `null has no members: "${expression.member.text}"`);
      return UNKNOWN;
    }
    return this.#present(expression, this.#memberOf(expression, object), scope);
  }

  #memberOf(expression: Member, object: Type): Type {
    const name = expression.member.text;
    switch (object.kind) {
      case "unknown":
        return UNKNOWN;
      case "json":
        return JSON_TYPE;
      case "row": {
        const type = object.columns.get(name);
        if (type !== undefined) {
          this.recorder?.resolved(
            expression.member.span,
            { kind: "column", columns: object.columns, name },
            type,
          );
          return type;
        }
        if (object.open) return STRING;
        return this.#noMember(expression.member, object.columns, "the table has no column");
      }
      case "node": {
        const type = object.members.get(name);
        if (type !== undefined) {
          this.recorder?.resolved(
            expression.member.span,
            { kind: "transform-member", owner: object.members, name },
            type,
          );
          return type;
        }
        return this.#noMember(expression.member, object.members, "the node has no in, param or out");
      }
      case "family": {
        const stars = object.keys.map(() => "*").join(", ");
        const path = pathOf(expression.object);
        const suggestion = path === undefined ? undefined : `${path}[${stars}].${name}`;
        this.report(
          familyKeys,
          expression.span,
          `this is a family: give its ${plural(object.keys.length, "key")}, or * for all of them: "${path ?? ""}[${stars}].${name}"`,
          suggestion,
        );
        return UNKNOWN;
      }
      case "list": {
        const element = withoutNull(object.element);
        if (element.kind === "list" || !memberless(element)) {
          if (object.element.kind === "optional" && !expression.optional) {
            this.report(
              wrongType,
              expression.member.span,
              `elements may be null (${showType(object)}): use "?.": "${name}"`,
            );
            return UNKNOWN;
          }
          const type = this.#memberOf(expression, element);
          return listOf(object.element.kind === "optional" ? optionalOf(type) : type, object.made === true);
        }
        this.report(
          unknownMember,
          expression.member.span,
          `${article(showType(object))} has no member "${name}"`,
        );
        return UNKNOWN;
      }
      default:
        this.report(
          unknownMember,
          expression.member.span,
          `${article(showType(object))} has no member "${name}"`,
        );
        return UNKNOWN;
    }
  }

  #noMember(member: Name, members: ReadonlyMap<string, Type>, what: string): Type {
    const similar = mostSimilar(member.text, members.keys());
    const hint = similar === undefined ? "" : `, did you mean "${similar}"?`;
    this.report(unknownMember, member.span, `${what} "${member.text}"${hint}`, similar);
    return UNKNOWN;
  }

  #index(expression: Index, scope: Scope): Type {
    const object = this.infer(expression.object, scope);
    const keys = expression.keys.map((key) => (key.kind === "wildcard" ? undefined : this.infer(key, scope)));
    const star = expression.keys.find((key) => key.kind === "wildcard");
    if (object.kind === "family") return this.#familyMembers(expression, object, keys);
    if (object.kind === "unknown") return star === undefined ? UNKNOWN : listOf(UNKNOWN);
    if (object.kind === "node") {
      this.report(familyKeys, expression.span, "this node is declared without keys");
      return object;
    }
    if (star !== undefined) {
      this.report(
        misplaced,
        star.span,
        `"*" stands for the keys of a family; this is ${article(showType(object))}`,
      );
      return UNKNOWN;
    }
    const [key] = keys;
    const [keyExpression] = expression.keys;
    if (object.kind === "list" && keyExpression !== undefined && keyExpression.kind !== "wildcard")
      this.#askFor(keyExpression, INT);
    if (object.kind === "json") {
      if (key !== undefined && !isAssignable(key, STRING) && !isAssignable(key, INT) && key.kind !== "json")
        this.report(wrongType, expression.span, `a Json is indexed by String or Int, found ${showType(key)}`);
      return JSON_TYPE;
    }
    if (object.kind === "list") {
      if (object.made) {
        this.refuseMade(expression.object, object, "indexed");
        return object.element;
      }
      if (expression.keys.length !== 1)
        this.report(wrongType, expression.span, `a list has one index, found ${expression.keys.length}`);
      else if (key !== undefined && keyExpression !== undefined && !isAssignable(key, INT))
        this.report(wrongType, keyExpression.span, `the index of a list needs Int, found ${showType(key)}`);
      return object.element;
    }
    if (object.kind === "optional")
      this.report(
        wrongType,
        expression.object.span,
        `this may be null (${showType(object)}): compare it with null first`,
      );
    else this.report(wrongType, expression.span, `${article(showType(object))} cannot be indexed`);
    return UNKNOWN;
  }

  #familyMembers(
    expression: Index,
    family: Extract<Type, { kind: "family" }>,
    given: readonly (Type | undefined)[],
  ): Type {
    const node: Type = { kind: "node", members: family.members };
    const isList = given.some((key) => key === undefined);
    const result = isList ? listOf(node) : node;
    if (given.length !== family.keys.length) {
      this.report(
        familyKeys,
        expression.span,
        `this family has ${plural(family.keys.length, "key")}, found ${given.length}`,
      );
      return result;
    }
    for (const [at, key] of given.entries()) {
      const wanted = family.keys[at];
      const place = expression.keys[at];
      if (key === undefined || wanted === undefined || place === undefined) continue;
      if (place.kind !== "wildcard") this.#askFor(place, wanted);
      if (!isAssignable(key, wanted))
        this.report(
          familyKeys,
          place.span,
          `key ${at + 1} of this family is ${showType(wanted)}, found ${showType(key)}`,
        );
    }
    return result;
  }

  // -------------------------------------------------------------- comprehensions

  #comprehension(expression: Comprehension, scope: Scope): Type {
    let inner = scope;
    for (const clause of expression.clauses) {
      const element = this.elementOfLoop(clause.source, inner);
      inner = new Scope(inner);
      this.bindLoop(clause.names, element, inner);
      for (const condition of clause.conditions) {
        this.condition(condition, inner, "the condition of a comprehension");
        inner = inner.narrowed(narrowingOf(condition).whenTrue);
      }
    }
    return listOf(this.infer(expression.element, inner));
  }

  /** The type of the elements of what a `for` goes over. */
  elementOfLoop(source: Expression, scope: Scope): Type {
    this.ask(source, (type) => (type.kind === "list" && type.made !== true) || type.kind === "json");
    const type = this.infer(source, scope);
    switch (type.kind) {
      case "list":
        if (type.made) this.refuseMade(source, type, "looped over");
        return type.element;
      case "json":
        return JSON_TYPE;
      case "unknown":
        return UNKNOWN;
      case "family":
        this.report(
          wrongType,
          source.span,
          `a loop goes over a list; all nodes of this family are "${pathOf(source) ?? ""}[${type.keys.map(() => "*").join(", ")}]"`,
        );
        return UNKNOWN;
      default:
        this.report(wrongType, source.span, `a loop goes over a list, found ${showType(type)}`);
        return UNKNOWN;
    }
  }

  /** Binds the names of a loop to the parts of its elements. */
  bindLoop(names: readonly Name[], element: Type | (() => Type), scope: Scope): void {
    const [single] = names;
    if (names.length === 1 && single !== undefined) {
      this.bind(new Local("loop", single, element), scope);
      return;
    }
    const whole = typeof element === "function" ? element() : element;
    const parts = whole.kind === "tuple" ? whole.elements : undefined;
    if (whole.kind !== "unknown" && whole.kind !== "json" && parts?.length !== names.length) {
      const span = { start: single?.span.start ?? 0, end: names[names.length - 1]?.span.end ?? 0 };
      this.report(
        wrongType,
        span,
        parts === undefined
          ? `several names need elements of several parts, as zip(…) gives them; found ${showType(whole)}`
          : `the elements have ${parts.length} parts, found ${names.length} names`,
      );
    }
    for (const [at, name] of names.entries())
      this.bind(new Local("loop", name, whole.kind === "json" ? JSON_TYPE : (parts?.[at] ?? UNKNOWN)), scope);
  }

  /** Adds a local name; one that is taken around here is an error (rule 6). */
  bind(local: Local, scope: Scope): void {
    const name = local.name.text;
    if (name === "") return;
    const taken =
      scope.own(name) !== undefined
        ? "this block"
        : scope.find(name) !== undefined
          ? "a block around this one"
          : this.names.find(name, false) !== undefined
            ? "the file"
            : undefined;
    if (taken !== undefined) {
      this.report(shadowing, local.name.span, `${taken} already has a "${name}"`);
      // That nothing uses it as well would be no news.
      local.used = true;
    }
    scope.bind(local);
    this.recorder?.resolved(local.name.span, { kind: "local", local }, local.type);
  }

  // -------------------------------------------------------------- operators

  #binary(expression: Binary, scope: Scope): Type {
    const { operator, left, right } = expression;
    switch (operator) {
      case "and":
      case "or": {
        this.condition(left, scope, `the left side of "${operator}"`);
        const narrowing = narrowingOf(left);
        const inner = scope.narrowed(operator === "and" ? narrowing.whenTrue : narrowing.whenFalse);
        this.condition(right, inner, `the right side of "${operator}"`);
        return BOOL;
      }
      case "??": {
        const type = this.infer(left, scope);
        const other = this.infer(right, scope);
        this.#askAlike(right, withoutNull(type));
        this.ask(left, (given) => given.kind === "optional" && given.made !== true);
        if (type.kind === "optional" && type.made) {
          this.refuseMade(left, type, 'tested by "??"');
          return type.inner;
        }
        const joined = type.kind === "null" ? other : joinTypes(withoutNull(type), other);
        if (joined !== undefined) return joined;
        this.report(
          wrongType,
          expression.span,
          `both sides of "??" have one type: these are ${showType(type)} and ${showType(other)}`,
        );
        return UNKNOWN;
      }
      case "==":
      case "!=":
        this.#compareEqual(expression, scope);
        return BOOL;
      case "<":
      case "<=":
      case ">":
      case ">=": {
        const a = this.infer(left, scope);
        const b = this.infer(right, scope);
        this.#askAlike(left, b);
        this.#askAlike(right, a);
        if (this.refuseMade(left, a, "compared") || this.refuseMade(right, b, "compared")) return BOOL;
        const joined = joinTypes(a, b);
        if (joined === undefined || !isOrdered(joined)) this.#operands(expression, a, b);
        return BOOL;
      }
      default:
        return this.#arithmetic(expression, this.infer(left, scope), this.infer(right, scope));
    }
  }

  /** One side of an operator that wants two values of one type. */
  #askAlike(side: Expression, other: Type): void {
    const { kind } = other;
    if (this.recorder?.expected === undefined || kind === "unknown" || kind === "null") return;
    // A literal's own text is not what the other side must be.
    const type = other.kind === "choice" && other.choices.length === 1 ? STRING : other;
    this.ask(
      side,
      (given) => !isMade(given) && joinTypes(withoutNull(given), withoutNull(type)) !== undefined,
      type,
    );
  }

  #operands(expression: Binary, a: Type, b: Type): Type {
    const nullable = a.kind === "optional" ? a : b.kind === "optional" ? b : undefined;
    this.report(
      wrongType,
      expression.span,
      nullable === undefined
        ? `"${expression.operator}" does not go with ${showType(a)} and ${showType(b)}`
        : `"${expression.operator}" needs a value, but this may be null: ${showType(nullable)}`,
    );
    return UNKNOWN;
  }

  #compareEqual(expression: Binary, scope: Scope): void {
    const a = this.infer(expression.left, scope);
    const b = this.infer(expression.right, scope);
    this.#askAlike(expression.left, b);
    this.#askAlike(expression.right, a);
    if (this.refuseMade(expression.left, a, "compared") || this.refuseMade(expression.right, b, "compared"))
      return;
    if (a.kind === "null" || b.kind === "null") return;
    const joined = joinTypes(withoutNull(a), withoutNull(b));
    if (joined === undefined || withoutNull(joined).kind === "family") {
      this.report(wrongType, expression.span, `these can never be equal: ${showType(a)} and ${showType(b)}`);
      return;
    }
    if (joined.kind === "node") {
      this.report(wrongType, expression.span, "nodes cannot be compared; compare their params");
      return;
    }
    const [x, y] = [withoutNull(a), withoutNull(b)];
    if (x.kind !== "choice" || y.kind !== "choice" || (x.choices.length === 1 && y.choices.length === 1))
      return;
    if (!x.choices.some((choice) => y.choices.includes(choice)))
      this.report(wrongType, expression.span, `these can never be equal: ${showType(a)} and ${showType(b)}`);
  }

  #arithmetic(expression: Binary, a: Type, b: Type): Type {
    if (expression.operator === "+" || expression.operator === "-") {
      this.#askAlike(expression.left, b);
      this.#askAlike(expression.right, a);
    }
    if ([a.kind, b.kind].some((kind) => kind === "unknown" || kind === "json")) {
      // `1 + oops` is a number all the same, `xs + oops` a list: what is sure helps what follows.
      return expression.operator === "+" && (a.kind === "list" || b.kind === "list")
        ? listOf(UNKNOWN)
        : UNKNOWN;
    }
    const numbers = isNumber(a) && isNumber(b);
    const wider = a.kind === "float" || b.kind === "float" ? FLOAT : INT;
    const amount = (type: Type): boolean => type.kind === "bytes" || type.kind === "duration";
    switch (expression.operator) {
      case "+":
        if (numbers) return wider;
        if (amount(a) && a.kind === b.kind) return a;
        if (isAssignable(a, STRING) && isAssignable(b, STRING)) return STRING;
        if (a.kind === "list" && b.kind === "list") {
          const joined = joinTypes(a, b);
          if (joined !== undefined) return joined;
        }
        return this.#operands(expression, a, b);
      case "-":
        if (numbers) return wider;
        return amount(a) && a.kind === b.kind ? a : this.#operands(expression, a, b);
      case "*":
        if (numbers) return wider;
        if (amount(a) && isNumber(b)) return a;
        return amount(b) && isNumber(a) ? b : this.#operands(expression, a, b);
      case "/":
        if (numbers) return FLOAT;
        if (amount(a) && isNumber(b)) return a;
        return amount(a) && a.kind === b.kind ? FLOAT : this.#operands(expression, a, b);
      default:
        return UNKNOWN;
    }
  }

  // -------------------------------------------------------------- calls

  #call(call: Call, scope: Scope): Type {
    const signature = functions.get(call.callee.text);
    if (signature === undefined) {
      for (const argument of call.arguments) this.infer(argument.value, scope);
      if (call.callee.text !== "") {
        const similar = mostSimilar(call.callee.text, functionNames);
        const hint = similar === undefined ? "" : `, did you mean "${similar}"?`;
        this.report(
          unknownFunction,
          call.callee.span,
          `no function is named "${call.callee.text}"${hint}`,
          similar,
        );
      }
      return UNKNOWN;
    }
    const positional = call.arguments.filter((argument) => argument.name === undefined);
    const visible = this.#insVisible;
    if (["basename", "stem"].includes(signature.name) && this.place !== "resources") this.#insVisible = true;
    if (signature.name === "size") this.#insVisible = true;
    const place = this.place;
    if (place === "out" || place === "env") this.place = undefined;
    const types = positional.map((argument) => this.infer(argument.value, scope));
    this.place = place;
    this.#insVisible = visible;
    if (signature.place !== undefined && signature.place !== this.place) {
      const where = {
        out: "as the value of an out",
        env: "as a value in env",
        resources: "in resources",
      }[signature.place];
      this.report(misplaced, call.span, `${signature.name}(…) can stand only ${where}`);
      return UNKNOWN;
    }
    this.#positional(call, signature, positional, types);
    this.#namedArguments(call, signature, scope);
    const type = signature.result(types);
    this.recorder?.resolved(call.callee.span, { kind: "function", signature }, type);
    return type;
  }

  #positional(
    call: Call,
    signature: FunctionSignature,
    given: readonly CallArgument[],
    types: readonly Type[],
  ): void {
    const { parameters } = signature;
    const last = parameters[parameters.length - 1];
    if (given.length > parameters.length && !signature.variadic) {
      const extra = given[parameters.length];
      if (extra !== undefined)
        this.report(
          wrongType,
          extra.span,
          `${signature.name}(…) takes ${plural(parameters.length, "value")}, found ${given.length}`,
        );
    }
    for (const [at, argument] of given.entries()) {
      const parameter = parameters[at] ?? (signature.variadic ? last : undefined);
      const type = types[at];
      if (parameter === undefined || type === undefined) continue;
      this.#argument(signature, parameter, argument.value, type);
    }
    const missing = parameters.slice(given.length).filter((parameter) => !parameter.optional);
    if (missing.length > 0 && !this.isBroken)
      this.report(
        wrongType,
        call.span,
        `${signature.name}(…) needs ${missing.map((parameter) => `"${parameter.name}"`).join(" and ")}: ${signature.shown}`,
      );
    if (signature.variadic && given.length > 1 && parameters.length === 1) {
      const joined = types.reduce<Type | undefined>(
        (all, type) => (all === undefined ? undefined : joinTypes(all, type)),
        UNKNOWN,
      );
      if (joined === undefined || joined.kind === "list")
        this.report(
          wrongType,
          call.span,
          `the values of ${signature.name}(…) have one type that has an order`,
        );
    }
  }

  #argument(signature: FunctionSignature, parameter: FunctionParameter, value: Expression, type: Type): void {
    this.ask(value, (given) => parameter.accepts(given) && !refusesMade(signature, given));
    if (parameter.accepts(type)) {
      if (refusesMade(signature, type)) this.refuseMade(value, type, `given to ${signature.name}(…)`);
      return;
    }
    if (holdsData(type) && isMade(type) && !signature.takesMade) {
      this.refuseMade(value, type, `given to ${signature.name}(…)`);
      return;
    }
    const node = withoutNull(type);
    const reason =
      node.kind === "node" || node.kind === "family"
        ? "a node; name an out of it"
        : type.kind === "optional" && parameter.accepts(type.inner)
          ? `${showType(type)}, which may be null`
          : showType(type);
    this.report(
      wrongType,
      value.span,
      `"${parameter.name}" of ${signature.name}(…) needs ${parameter.expected}, found ${reason}`,
    );
  }

  #namedArguments(call: Call, signature: FunctionSignature, scope: Scope): void {
    const seen = new Set<string>();
    for (const argument of call.arguments) {
      if (argument.name === undefined) continue;
      const type = this.infer(argument.value, scope);
      const name = argument.name.text;
      const parameter = signature.named.find((named) => named.name === name);
      if (name === "") continue;
      if (parameter === undefined) {
        const similar = mostSimilar(
          name,
          signature.named.map((named) => named.name),
        );
        this.report(
          wrongType,
          argument.name.span,
          `${signature.name}(…) has no argument "${name}": ${signature.shown}`,
          similar,
        );
      } else if (seen.has(name)) this.report(wrongType, argument.name.span, `given twice: "${name}"`);
      else this.#argument(signature, parameter, argument.value, type);
      seen.add(name);
    }
  }
}

function hasMember(type: Type, name: string): boolean {
  const plain = withoutNull(type);
  switch (plain.kind) {
    case "list":
      return hasMember(plain.element, name);
    case "row":
      return plain.open === true || plain.columns.has(name);
    case "node":
      return plain.members.has(name);
    case "json":
      return true;
    default:
      return false;
  }
}

/** Types that have no members and whose lists have none either. */
function memberless(type: Type): boolean {
  return !["row", "node", "family", "json", "unknown"].includes(type.kind);
}

function elementOf(type: Type): Type {
  const plain = withoutNull(type);
  return plain.kind === "list" ? plain.element : type;
}

export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

export function article(text: string): string {
  return /^[[("]/.test(text) || text === "null" ? text : `${/^[aeiouAEIOU]/.test(text) ? "an" : "a"} ${text}`;
}

/** What a key is when it can be one, reported otherwise (rule 7). */
export function keyOrProblem(inference: Inference, key: Expression, type: Type): Type {
  inference.ask(key, (given) => keyType(given) !== undefined);
  const plain = keyType(type);
  if (plain !== undefined) return plain;
  if (!inference.refuseMade(key, type, "a key"))
    inference.report(wrongType, key.span, `a key is a String, Int, Float or Bool, found ${showType(type)}`);
  return UNKNOWN;
}

/** A path as a text where data is asked for: `file("a.txt")` was meant. */
function dataAt(expression: Expression, type: Type, wanted: Type): string | undefined {
  if (expression.kind !== "string" || type.kind !== "choice") return undefined;
  if (wanted.kind !== "file" && wanted.kind !== "dir") return undefined;
  const [text] = type.choices;
  // What needs an escape is left to the author.
  return text !== undefined && /^[^"\\$\p{Cc}]+$/u.test(text) ? `${wanted.kind}("${text}")` : undefined;
}
