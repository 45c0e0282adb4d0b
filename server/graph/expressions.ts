import { unreachable } from "../base/failure.js";
import { numberRange } from "../language/checks/number-range.js";
import { outBeforeRun } from "../language/checks/out-before-run.js";
import { outPath } from "../language/checks/out-path.js";
import { unknownName } from "../language/checks/unknown-name.js";
import { wrongType } from "../language/checks/wrong-type.js";
import type { Rule } from "../language/problems.js";
import type {
  Binary,
  Call,
  Comprehension,
  Expression,
  Index,
  LetStatement,
  Member,
  NumberLiteral,
  StringTemplate,
  Unary,
} from "../language/syntax.js";
import type { Budget } from "./budget.js";
import { badOperand } from "./checks/bad-operand.js";
import { missingKey } from "./checks/missing-key.js";
import { unreadableData } from "./checks/unreadable-data.js";
import type { DataReferences } from "./data-references.js";
import { Cell, type CellValue, type Demand, Halt, isHalt } from "./demand.js";
import type { Fact, Facts } from "./facts.js";
import { Family } from "./families.js";
import { functionNamed } from "./functions.js";
import { keyText, nodeName } from "./names.js";
import { type Draft, evaluated, nodeOf, outKind, stagedSource } from "./nodes.js";
import { arithmetic, negative, numberFromText } from "./numbers.js";
import { type Reports, Trouble } from "./reports.js";
import { type Scope, VariableScope } from "./scopes.js";
import { JsonValue, NodeReference, OutReference, RowValue, type Value } from "./value.js";
import { compareValues, describe, isList, sameValue, textOf, valueFromJson } from "./values.js";

/** What the checker finds in the text too, where it can: in a declaration that has an error it is no news. */
const CHECKED: ReadonlySet<Rule> = new Set([
  wrongType,
  unknownName,
  outBeforeRun,
  badOperand,
  numberRange,
  outPath,
]);

/** Evaluates expressions. What has no value is reported where it stands, and `Halt` is thrown. */
export class Expressions {
  readonly #demand: Demand;
  readonly #reports: Reports;
  readonly #numbers = new Map<NumberLiteral, Value>();
  readonly budget: Budget;
  readonly facts: Facts;
  readonly data: DataReferences;

  constructor(demand: Demand, reports: Reports, budget: Budget, facts: Facts, data: DataReferences) {
    this.#demand = demand;
    this.#reports = reports;
    this.budget = budget;
    this.facts = facts;
    this.data = data;
  }

  evaluate(expression: Expression, scope: Scope): Value {
    // Not taken back when something is thrown: whoever catches it, a cell or `attempt`, restores the depth.
    const depth = this.#demand.depth++;
    const value = this.#evaluate(expression, scope);
    this.#demand.depth = depth;
    return value;
  }

  /** A value, or undefined when it has none; what is wrong has been reported. */
  attempt<T>(evaluate: () => T): T | undefined {
    const { depth } = this.#demand;
    try {
      return evaluate();
    } catch (error) {
      if (!isHalt(error)) throw error;
      this.#demand.depth = depth;
      return undefined;
    }
  }

  force<T extends CellValue>(cell: Cell<T>): T {
    return this.#demand.force(cell);
  }

  readonly evaluateLet = (statement: LetStatement, scope: Scope): Value =>
    this.evaluate(statement.value, scope);

  condition(expression: Expression, scope: Scope): boolean {
    const value = this.evaluate(expression, scope);
    if (typeof value === "boolean") return value;
    throw this.fail(expression, scope, {
      rule: wrongType,
      message: `a condition is a Bool, not ${describe(value)}`,
    });
  }

  /** The elements of a list to loop over. */
  list(expression: Expression, scope: Scope): readonly Value[] {
    const value = this.evaluate(expression, scope);
    if (!isList(value)) {
      if (value instanceof OutReference) throw this.fail(expression, scope, madeByRun());
      throw this.fail(expression, scope, {
        rule: wrongType,
        message: `only a list can be looped over, not ${describe(value)}`,
      });
    }
    this.#charge(value.length, expression, scope);
    return value;
  }

  /** The values of a loop's variables for one element. */
  bind(names: readonly string[], item: Value, source: Expression, scope: Scope): readonly Value[] {
    if (names.length === 1) return [item];
    if (isList(item) && item.length === names.length) return item;
    const message = `each element must be ${names.length} values side by side, as \`zip\` gives them`;
    throw this.fail(source, scope, { rule: wrongType, message });
  }

  /** Reports, and gives what to throw. A type that the checker complained of in the same declaration is no news. */
  fail(expression: Expression, scope: Scope, trouble: Pick<Trouble, "rule" | "message">): Halt {
    return this.failAt(expression.span, scope, trouble);
  }

  failAt(span: Expression["span"], scope: Scope, { rule, message }: Pick<Trouble, "rule" | "message">): Halt {
    if (!(CHECKED.has(rule) && this.#reports.isKnownWrong(scope.place)))
      this.#reports.add(scope.place, span, rule, message);
    return Halt.instance;
  }

  /** The value of a fact that the shape of the graph rests on. */
  known<T>(fact: Fact<T>, what: string): T | Trouble {
    switch (fact.kind) {
      case "known":
        return fact.value;
      case "absent":
        return new Trouble(unreadableData, `${what} cannot be read: ${fact.message}`);
      case "unknown":
        this.#reports.wait(fact.reason);
        throw Halt.instance;
      default:
        return unreachable(fact);
    }
  }

  #evaluate(expression: Expression, scope: Scope): Value {
    switch (expression.kind) {
      case "null":
        return null;
      case "boolean":
        return expression.value;
      case "number":
        return this.#number(expression, scope);
      case "string":
        return this.#template(expression, scope);
      case "list":
        return expression.items.map((item) => this.evaluate(item, scope));
      case "comprehension":
        return this.#comprehension(expression, scope);
      case "reference":
        return this.#reference(expression, expression.name, scope);
      case "member":
        return this.#member(expression, scope);
      case "index":
        return this.#index(expression, scope);
      case "call":
        return this.#call(expression, scope);
      case "unary":
        return this.#unary(expression, scope);
      case "binary":
        return this.#binary(expression, scope);
      case "conditional":
        return this.evaluate(
          this.condition(expression.condition, scope) ? expression.then : expression.otherwise,
          scope,
        );
      case "broken":
        throw Halt.instance;
      default:
        return unreachable(expression);
    }
  }

  /** A literal in a loop is read once. */
  #number(literal: NumberLiteral, scope: Scope): Value {
    const known = this.#numbers.get(literal);
    if (known !== undefined) return known;
    const value = this.#checked(numberFromText(literal.text, literal.unit), literal, scope);
    this.#numbers.set(literal, value);
    return value;
  }

  #checked<T extends Value>(value: T | Trouble, expression: Expression, scope: Scope): T {
    if (value instanceof Trouble) throw this.fail(expression, scope, value);
    return value;
  }

  #charge(count: number, expression: Expression, scope: Scope): void {
    const trouble = this.budget.elements(count);
    if (trouble !== undefined) throw this.fail(expression, scope, trouble);
  }

  #template(template: StringTemplate, scope: Scope): string {
    const { parts } = template;
    const [only] = parts;
    if (only === undefined) return "";
    if (parts.length === 1 && only.kind === "text") return only.value;
    let text = "";
    for (const part of parts) {
      if (part.kind === "text") {
        text += part.value;
        continue;
      }
      const value = this.evaluate(part.expression, scope);
      const more = textOf(value);
      if (more === undefined)
        throw this.fail(part.expression, scope, {
          rule: wrongType,
          message: `text cannot hold ${describe(value)}`,
        });
      text += more;
    }
    const trouble = this.budget.text(text.length);
    if (trouble !== undefined) throw this.failAt(template.span, scope, trouble);
    return text;
  }

  #comprehension(expression: Comprehension, scope: Scope): Value {
    const items: Value[] = [];
    const clauses = expression.clauses.map((clause) => ({
      ...clause,
      texts: clause.names.map((name) => name.text),
    }));
    const run = (at: number, within: Scope): void => {
      const clause = clauses[at];
      if (clause === undefined) {
        items.push(this.evaluate(expression.element, within));
        return;
      }
      for (const item of this.list(clause.source, within)) {
        const values = this.bind(clause.texts, item, clause.source, within);
        const turn = new VariableScope(within, clause.texts, values);
        if (clause.conditions.every((condition) => this.condition(condition, turn))) run(at + 1, turn);
      }
    };
    run(0, scope);
    return items;
  }

  #reference(expression: Expression, name: string, scope: Scope): Value {
    const found = scope.lookup(name);
    if (found instanceof Cell) return this.#demand.force(found);
    if (found instanceof Family) return this.#family(found);
    if (found !== undefined) return found;
    if (name === "") throw Halt.instance;
    throw this.fail(expression, scope, { rule: unknownName, message: `nothing has this name: "${name}"` });
  }

  /** A family by its name alone: the node, or null where no branch made it; of one with keys all members. */
  #family(family: Family): Value {
    const members = this.#demand.force(family.members);
    const [first] = members.list;
    if (!members.keyed && first !== undefined) return new NodeReference(first.node);
    if (!members.complete) throw Halt.instance;
    return members.keyed ? members.list.map(({ node }) => new NodeReference(node)) : null;
  }

  /** The nodes that an expression of a `target` names. */
  nodes(expression: Expression, scope: Scope): readonly Draft[] {
    const value = this.evaluate(expression, scope);
    const drafts: Draft[] = [];
    for (const item of isList(value) ? value : [value]) {
      if (item === null) continue;
      const draft = item instanceof NodeReference ? evaluated(item.node).draft : undefined;
      if (draft === undefined)
        throw this.fail(expression, scope, {
          rule: wrongType,
          message: `a target is a node, not ${describe(item)}`,
        });
      drafts.push(draft);
    }
    return drafts;
  }

  #member(expression: Member, scope: Scope): Value {
    const object = this.evaluate(expression.object, scope);
    if (expression.member.text === "") throw Halt.instance;
    return this.#memberOf(object, expression, scope);
  }

  #memberOf(object: Value, expression: Member, scope: Scope): Value {
    const name = expression.member.text;
    if (object instanceof NodeReference) return this.#nodeMember(object, expression, scope);
    if (object instanceof RowValue) {
      const cell = object.columns.get(name);
      if (cell !== undefined) return cell;
      throw this.fail(expression, scope, { rule: missingKey, message: `the table has no column "${name}"` });
    }
    if (isList(object)) {
      this.#charge(object.length, expression, scope);
      return object.map((item) => this.#memberOf(item, expression, scope));
    }
    if (object instanceof JsonValue) return jsonMember(object.value, name);
    if (object === null && expression.optional) return null;
    throw this.fail(expression, scope, {
      rule: wrongType,
      message: `${describe(object)} has no member "${name}"`,
    });
  }

  #nodeMember({ node }: NodeReference, expression: Member, scope: Scope): Value {
    const target = evaluated(node);
    const member = target.transform.members.get(expression.member.text);
    if (member === undefined)
      throw this.fail(expression, scope, {
        rule: wrongType,
        message: `a node has no member "${expression.member.text}"`,
      });
    if (member.kind === "out") return new OutReference(target, member.index);
    const { draft } = target;
    if (draft !== undefined) this.#demand.force(draft.inputs);
    if (member.kind === "in")
      return draft === undefined ? stagedSource(target, member.index) : (draft.ins[member.index] ?? null);
    const value = target.params[member.index] ?? null;
    return value instanceof JsonValue ? valueFromJson(value.value) : value;
  }

  #index(expression: Index, scope: Scope): Value {
    const { object, keys } = expression;
    if (object.kind === "reference") {
      const family = scope.lookup(object.name);
      if (family instanceof Family) return this.#familyIndex(family, expression, scope);
    }
    const value = this.evaluate(object, scope);
    const [key] = keys;
    if (key === undefined || keys.length !== 1 || key.kind === "wildcard")
      throw this.fail(expression, scope, {
        rule: wrongType,
        message: "only families of nodes have several keys and `*`",
      });
    const at = this.evaluate(key, scope);
    if (isList(value)) {
      if (typeof at !== "number")
        throw this.fail(key, scope, {
          rule: wrongType,
          message: `the place in a list is an Int, not ${describe(at)}`,
        });
      const item = value[at];
      if (item !== undefined) return item;
      const message = `a list of ${value.length} has no element at "${at}"`;
      throw this.fail(key, scope, { rule: missingKey, message });
    }
    if (value instanceof JsonValue && typeof at === "string") return jsonMember(value.value, at);
    if (value instanceof OutReference) throw this.fail(expression, scope, madeByRun());
    throw this.fail(expression, scope, { rule: wrongType, message: `${describe(value)} has no elements` });
  }

  #familyIndex(family: Family, expression: Index, scope: Scope): Value {
    const texts: (string | undefined)[] = [];
    for (const key of expression.keys) {
      if (key.kind === "wildcard") {
        texts.push(undefined);
        continue;
      }
      const value = this.evaluate(key, scope);
      const text = keyText(value);
      if (text === undefined)
        throw this.fail(key, scope, {
          rule: wrongType,
          message: `a key is a String, Int, Float or Bool, not ${describe(value)}`,
        });
      texts.push(text);
    }
    const members = this.#demand.force(family.members);
    const given = texts.filter((text) => text !== undefined);
    if (given.length === texts.length) {
      const name = nodeName(family.name, given);
      const draft = members.get(name);
      if (draft !== undefined) return new NodeReference(draft.node);
      if (!members.complete) throw Halt.instance;
      throw this.fail(expression, scope, { rule: missingKey, message: `there is no node "${name}"` });
    }
    // Members that are not known yet would be missing without a word.
    if (!members.complete) throw Halt.instance;
    const matching = members.matching(texts);
    if (matching.length === 0 && given.length > 0) {
      const name = nodeName(
        family.name,
        texts.map((text) => text ?? "*"),
      );
      throw this.fail(expression, scope, { rule: missingKey, message: `there is no node "${name}"` });
    }
    this.#charge(matching.length, expression, scope);
    return matching.map(({ node }) => new NodeReference(node));
  }

  #call(expression: Call, scope: Scope): Value {
    const name = expression.callee.text;
    const implementation = functionNamed(name);
    if (implementation === undefined) throw Halt.instance;
    const positional: Value[] = [];
    const named = new Map<string, Value>();
    for (const argument of expression.arguments) {
      const value = this.evaluate(argument.value, scope);
      if (argument.name === undefined) positional.push(value);
      else named.set(argument.name.text, value);
    }
    const result = implementation(positional, {
      expressions: this,
      named,
      base: { kind: "folder", folder: scope.place.folder },
      outPath: (reference) => this.outPath(reference),
      sizeOf: scope.sizeOf,
    });
    return this.#checked(result, expression, scope);
  }

  /** Path of an out below the working folder of its node; asks for the node's arguments. */
  outPath(reference: OutReference): string {
    const node = nodeOf(reference);
    if (node.draft !== undefined) this.#demand.force(node.draft.outs);
    const out = node.outs[reference.index];
    if (out === undefined) throw Halt.instance;
    return out.path;
  }

  #unary({ operator, operand }: Unary, scope: Scope): Value {
    if (operator === "not") return !this.condition(operand, scope);
    return this.#checked(negative(this.evaluate(operand, scope)), operand, scope);
  }

  /** A chain `a + b + c` leans to the left and may be long, so it is walked, not recursed into. */
  #binary(expression: Binary, scope: Scope): Value {
    if (expression.left.kind !== "binary")
      return this.#apply(expression, this.evaluate(expression.left, scope), scope);
    const chain: Binary[] = [];
    let innermost: Expression = expression;
    while (innermost.kind === "binary") {
      chain.push(innermost);
      innermost = innermost.left;
    }
    let value = this.evaluate(innermost, scope);
    for (let at = chain.length - 1; at >= 0; at--) {
      const link = chain[at];
      if (link !== undefined) value = this.#apply(link, value, scope);
    }
    return value;
  }

  #apply(expression: Binary, left: Value, scope: Scope): Value {
    const { operator, right } = expression;
    switch (operator) {
      case "or":
      case "and":
        if (typeof left !== "boolean") {
          const message = `"${operator}" joins conditions, not ${describe(left)}`;
          throw this.fail(expression.left, scope, { rule: wrongType, message });
        }
        return left === (operator === "or") ? left : this.condition(right, scope);
      case "??":
        return left ?? this.evaluate(right, scope);
      case "==":
        return sameValue(left, this.evaluate(right, scope));
      case "!=":
        return !sameValue(left, this.evaluate(right, scope));
      case "<":
      case "<=":
      case ">":
      case ">=": {
        const other = this.evaluate(right, scope);
        const order = compareValues(left, other);
        if (order === undefined) {
          const message = `${describe(left)} and ${describe(other)} have no order`;
          throw this.fail(expression, scope, { rule: wrongType, message });
        }
        return operator === "<"
          ? order < 0
          : operator === "<="
            ? order <= 0
            : operator === ">"
              ? order > 0
              : order >= 0;
      }
      case "+": {
        const other = this.evaluate(right, scope);
        const a = asList(left);
        const b = asList(other);
        if (a === undefined || b === undefined)
          return this.#checked(arithmetic("+", left, other), expression, scope);
        this.#charge(a.length + b.length, expression, scope);
        return a.concat(b);
      }
      case "-":
      case "*":
      case "/":
        return this.#checked(arithmetic(operator, left, this.evaluate(right, scope)), expression, scope);
      default:
        return unreachable(operator);
    }
  }
}

/** A list, or a glob out, which is one whose elements only a run knows. */
function asList(value: Value): readonly Value[] | undefined {
  if (isList(value)) return value;
  return value instanceof OutReference && outKind(value) === "glob" ? [value] : undefined;
}

function jsonMember(json: unknown, name: string): Value {
  if (typeof json !== "object" || json === null || !Object.hasOwn(json, name)) return null;
  const value: unknown = Object.getOwnPropertyDescriptor(json, name)?.value;
  return valueFromJson(value);
}

function madeByRun(): Trouble {
  return new Trouble(outBeforeRun, "how many files an out has is known only after a run");
}
