import { wrongType } from "../language/checks/wrong-type.js";
import { walk } from "../language/children.js";
import type { Program } from "../language/program.js";
import type { Expression, NodeStatement, ResourcesClause } from "../language/syntax.js";
import type { Type } from "../language/types.js";
import { stagingCollision } from "./checks/staging-collision.js";
import { coerce } from "./coerce.js";
import { Cell, Demand, Halt, type Site } from "./demand.js";
import { Expressions } from "./expressions.js";
import type { Facts } from "./facts.js";
import type { EnvValue, NodeOut, Resources, Retry } from "./model.js";
import { type Draft, type EvaluatedNode, nodeOf, outKind, stagedSource } from "./nodes.js";
import { normalOutPath, overlap } from "./outs.js";
import { type Place, Reports, Trouble } from "./reports.js";
import { evaluateResources, evaluateRetry, type ResourceScopes, resourcesFailure } from "./resources.js";
import type { Found, ParamScope, Scope, StatementScope } from "./scopes.js";
import { stageIns } from "./staging.js";
import { type ArgumentPlan, argumentPlan } from "./transforms.js";
import { DataReference, NodeReference, OutReference, RowValue, type Value } from "./value.js";
import { describe, isList, textOf } from "./values.js";

type SizeOf = (out: OutReference) => number | undefined;

/** Gives a node its params, ins, outs, env, resources and retry. */
export class NodeEvaluator {
  readonly #program: Program;
  readonly #expressions: Expressions;
  readonly #reports: Reports;
  readonly #facts: Facts;
  readonly #defaults: Partial<Resources> | undefined;
  readonly #plans = new Map<NodeStatement, ArgumentPlan>();
  /** By statement where all its nodes have the same; one function for them all, so that none keeps its draft alive. */
  readonly #constants = new Map<NodeStatement, Clauses | undefined>();
  readonly #parts: Parts = {
    inputs: (draft) => this.#inputs(draft),
    outs: (draft) => this.#outs(draft),
    rest: (draft) => this.#rest(draft),
    param: (node, index, inside) => this.#param(draftOf(node), index, inside),
  };

  constructor(
    program: Program,
    expressions: Expressions,
    reports: Reports,
    facts: Facts,
    defaults: Partial<Resources> | undefined,
  ) {
    this.#program = program;
    this.#expressions = expressions;
    this.#reports = reports;
    this.#facts = facts;
    this.#defaults = defaults;
  }

  draft(node: EvaluatedNode, scope: StatementScope): Draft {
    let plan = this.#plans.get(node.statement);
    if (plan === undefined) {
      plan = argumentPlan(node.statement, node.transform);
      this.#plans.set(node.statement, plan);
    }
    const draft = new NodeDraft(node, scope, plan, this.#parts);
    node.draft = draft;
    return draft;
  }

  // -------------------------------------------------------------- params and ins

  #inputs(draft: Draft): true {
    const { node, plan } = draft;
    const { transform } = node;
    let complete = true;
    // Defaults may use any other param, so what is given comes first; the list is filled in place for them.
    const params: Value[] = [];
    node.params = params;
    for (let index = 0; index < transform.params.length; index++) {
      if (plan.params[index] === undefined) continue;
      const value = this.#expressions.attempt(() => this.#param(draft, index, draft.scope));
      if (value === undefined) complete = false;
      else params[index] = value;
    }
    if (!complete) throw Halt.instance;
    for (let index = 0; index < transform.params.length; index++) {
      if (plan.params[index] !== undefined) continue;
      const value = this.#expressions.attempt(() => draft.inside.param(index));
      if (value === undefined) complete = false;
      else params[index] = value;
    }
    const ins: Value[] = [];
    for (const [index, declared] of transform.ins.entries()) {
      const given = plan.ins[index];
      if (given === undefined && declared.value === undefined && declared.type.kind === "optional") {
        ins.push(null);
        continue;
      }
      const scope = given === undefined ? draft.inside : draft.scope;
      const value = this.#expressions.attempt(() =>
        this.#argument(given, declared.value, declared.type, isData, scope),
      );
      complete &&= value !== undefined;
      ins.push(value ?? null);
    }
    if (!complete) throw Halt.instance;
    draft.ins = ins;
    node.upstream = upstreamOf(ins);
    return true;
  }

  #param(draft: Draft, index: number, inside: Scope): Value {
    const declared = draft.node.transform.params[index];
    if (declared === undefined) throw Halt.instance;
    const given = draft.plan.params[index];
    return this.#argument(
      given,
      declared.value,
      declared.type,
      isPlain,
      given === undefined ? inside : draft.scope,
    );
  }

  /** What the node gives, else the transform's default, else null where the type allows it. */
  #argument(
    given: Expression | undefined,
    fallback: Expression | undefined,
    type: Type,
    allowed: (value: Value) => boolean,
    scope: Scope,
  ): Value {
    const expression = given ?? fallback;
    if (expression === undefined) {
      if (type.kind === "optional") return null;
      // The checker reports missing arguments, and an in or param without a type that can be read.
      throw Halt.instance;
    }
    const value = coerce(this.#expressions.evaluate(expression, scope), type, outKind);
    if (value instanceof Trouble) throw this.#expressions.fail(expression, scope, value);
    if (allowed(value)) return value;
    const message = `${describe(value)} cannot be given to this in or param`;
    throw this.#expressions.fail(expression, scope, { rule: wrongType, message });
  }

  // -------------------------------------------------------------- outs

  #outs(draft: Draft): true {
    const { node, inside } = draft;
    const { transform } = node;
    this.#expressions.force(draft.inputs);
    if (transform.sharedOuts !== undefined) {
      node.outs = transform.sharedOuts;
      return true;
    }
    const outs: NodeOut[] = [];
    // An expression sees the outs above it, so the list grows in place.
    node.outs = outs;
    for (const { name, kind, optional, path: expression } of transform.outs) {
      const value = this.#expressions.evaluate(expression, inside);
      if (typeof value !== "string") {
        const message = `the path of an out is a String, not ${describe(value)}`;
        throw this.#expressions.fail(expression, inside, { rule: wrongType, message });
      }
      const path = normalOutPath(value);
      if (path instanceof Trouble) throw this.#expressions.fail(expression, inside, forNode(path, node));
      outs.push({ name, kind, optional, path });
    }
    const trouble = overlap(outs);
    const [first] = transform.outs;
    if (trouble !== undefined && first !== undefined)
      throw this.#expressions.fail(first.path, inside, forNode(trouble, node));
    if (transform.outs.every(({ path }) => isLiteral(path))) transform.sharedOuts = outs;
    return true;
  }

  // -------------------------------------------------------------- the rest, upstream first

  #rest(draft: Draft): true {
    const { node } = draft;
    if (node.transform.sharedOuts === undefined) this.#expressions.force(draft.outs);
    else node.outs = node.transform.sharedOuts;
    const ins = stageIns(node.transform.ins, draft.ins);
    if (ins instanceof Trouble) {
      this.#reports.add(
        draft.scope.place,
        node.statement.name.span,
        stagingCollision,
        forNode(ins, node).message,
      );
      throw Halt.instance;
    }
    node.ins = ins;
    if (node.transform.env !== undefined) node.env = this.#env(draft);
    this.#resources(draft);
    return true;
  }

  #env({ node, inside }: Draft): ReadonlyMap<string, EnvValue> {
    const env = new Map<string, EnvValue>();
    for (const { name, value: expression } of node.transform.env?.entries ?? []) {
      const secret = expression.kind === "call" && expression.callee.text === "secret";
      const source = secret ? expression.arguments[0]?.value : expression;
      if (source === undefined) throw Halt.instance;
      const value = this.#expressions.evaluate(source, inside);
      // Like a null variable of a shell script.
      const text = value === null ? "" : textOf(value);
      if (text === undefined || text.includes("\0")) {
        const message =
          text === undefined
            ? `text cannot hold ${describe(value)}`
            : "a text of `env` has a zero byte in it";
        throw this.#expressions.fail(source, inside, { rule: wrongType, message });
      }
      env.set(name.text, secret ? { kind: "secret", name: text } : { kind: "value", value: text });
    }
    return env;
  }

  #resources(draft: Draft): void {
    const { node } = draft;
    let constant = this.#constants.get(node.statement);
    if (constant === undefined && !this.#constants.has(node.statement)) {
      constant = clausesAreLiteral(node) ? this.#clauses(draft) : undefined;
      this.#constants.set(node.statement, constant);
    }
    const { resources, retry } =
      constant ?? (asksForSize(node) ? this.#sizedClauses(draft) : this.#clauses(draft));
    node.resources = resources;
    node.retry = retry;
  }

  #clauses(draft: Draft): Clauses {
    const scopes = this.#scopes(draft, undefined);
    const retry = evaluateRetry(draft.node, scopes, this.#expressions);
    return {
      resources: always(evaluateResources(draft.node, scopes, this.#expressions, this.#defaults)),
      retry,
    };
  }

  /** Sizes of what upstream nodes make are known later: the draft stays, and is asked then. */
  #sizedClauses(draft: Draft): Clauses {
    return {
      resources: (sizeOf) => this.#resourcesLater(draft, sizeOf),
      retry: evaluateRetry(draft.node, this.#scopes(draft, undefined), this.#expressions),
    };
  }

  /** After the evaluation: what is wrong then is no problem of the text any more but a failure of this node. */
  #resourcesLater(draft: Draft, sizeOf: SizeOf | undefined): Resources {
    const { budget, facts, data } = this.#expressions;
    const reports = new Reports(this.#program);
    const expressions = new Expressions(new Demand(() => undefined), reports, budget, facts, data);
    const scopes = this.#scopes(draft, sizeOf);
    const resources = expressions.attempt(() =>
      evaluateResources(draft.node, scopes, expressions, this.#defaults),
    );
    if (resources !== undefined) return resources;
    throw resourcesFailure(
      draft.node,
      reports.problems.map(({ message }) => message),
    );
  }

  #scopes({ inside, scope }: Draft, madeSize: SizeOf | undefined): ResourceScopes {
    const sizeOf = (data: DataReference | OutReference): number => {
      if (data instanceof OutReference) return madeSize?.(data) ?? 0;
      const digest = this.#facts.digest(data);
      return digest.kind === "known" ? digest.value.size : 0;
    };
    return { transform: new SizedScope(inside, sizeOf), node: new SizedScope(scope, sizeOf) };
  }
}

interface Clauses {
  readonly resources: EvaluatedNode["resources"];
  readonly retry: Retry;
}

/** A function of its own, so that it holds on to its value and nothing else. */
function always(resources: Resources): () => Resources {
  return () => resources;
}

function draftOf(node: EvaluatedNode): Draft {
  if (node.draft === undefined) throw new Error("params are evaluated while the node is");
  return node.draft;
}

/** How the parts of a node are evaluated; one for all nodes. */
interface Parts {
  readonly inputs: (draft: Draft) => true;
  readonly outs: (draft: Draft) => true;
  readonly rest: (draft: Draft) => true;
  readonly param: (node: EvaluatedNode, index: number, inside: Scope) => Value;
}

/** One for all nodes that have none. */
const NONE: readonly never[] = [];

/** Made for every node at once, so it is small: what can be shared is, the rest is made when asked for. */
class NodeDraft implements Draft {
  ins: readonly Value[] = NONE;
  readonly inputs: Cell<true>;
  #outs: Cell<true> | undefined;
  #inside: TransformScope | undefined;

  constructor(
    readonly node: EvaluatedNode,
    readonly scope: Scope,
    readonly plan: ArgumentPlan,
    readonly parts: Parts,
  ) {
    this.inputs = new NodeCell(this, parts.inputs);
  }

  get outs(): Cell<true> {
    this.#outs ??= new NodeCell(this, this.parts.outs);
    return this.#outs;
  }

  /** Asked for once, so it is not kept. */
  get rest(): Cell<true> {
    return new NodeCell(this, this.parts.rest);
  }

  get inside(): TransformScope {
    this.#inside ??= new TransformScope(this.node, this.parts.param);
    return this.#inside;
  }
}

/** A part of a node that is evaluated on demand. */
class NodeCell extends Cell<true> {
  constructor(
    readonly draft: Draft,
    readonly run: (draft: Draft) => true,
  ) {
    super();
  }
  compute(): true {
    return this.run(this.draft);
  }
  get label(): string {
    return this.draft.node.name;
  }
  get site(): Site {
    return { place: this.draft.scope.place, span: this.draft.node.statement.name.span };
  }
}

/** The names of a transform with one node's values: params (also for each other's defaults), ins, and outs as paths. */
class TransformScope implements ParamScope {
  #asked: Set<number> | undefined;

  constructor(
    readonly node: EvaluatedNode,
    readonly computeParam: (node: EvaluatedNode, index: number, inside: Scope) => Value,
  ) {}

  get place(): Place {
    return this.node.transform.place;
  }

  lookup(name: string): Found {
    const member = this.node.transform.members.get(name);
    switch (member?.kind) {
      case "param":
        return this.param(member.index);
      case "in":
        return this.node.draft?.ins[member.index] ?? stagedSource(this.node, member.index);
      case "out":
        return this.node.outs[member.index]?.path;
      default:
        return undefined;
    }
  }

  param(index: number): Value {
    const known = this.node.params[index];
    if (known !== undefined) return known;
    this.#asked ??= new Set();
    // The checker reports defaults that go round in a circle.
    if (this.#asked.has(index)) throw Halt.instance;
    this.#asked.add(index);
    try {
      return this.computeParam(this.node, index, this);
    } finally {
      this.#asked.delete(index);
    }
  }
}

/** A scope in which `size(…)` may stand. */
class SizedScope implements Scope {
  readonly place: Place;

  constructor(
    readonly within: Scope,
    readonly sizeOf: (data: DataReference | OutReference) => number,
  ) {
    this.place = within.place;
  }

  lookup(name: string): Found {
    return this.within.lookup(name);
  }
}

function forNode(trouble: Trouble, node: EvaluatedNode): Trouble {
  return new Trouble(trouble.rule, `${trouble.message}, in node "${node.name}"`);
}

/** Nodes whose outs these values are, each once, in order of first use. */
function upstreamOf(ins: readonly Value[]): readonly EvaluatedNode[] {
  const all: EvaluatedNode[] = [];
  for (const value of ins) {
    if (value instanceof OutReference) all.push(nodeOf(value));
    else if (isList(value))
      for (const item of value) if (item instanceof OutReference) all.push(nodeOf(item));
  }
  if (all.length === 0) return NONE;
  return all.length < 2 ? all : [...new Set(all)];
}

function isData(value: Value): boolean {
  if (isList(value))
    return value.every((item) => item instanceof DataReference || item instanceof OutReference);
  return value === null || value instanceof DataReference || value instanceof OutReference;
}

/** Params are values: data is an in, whose content counts for identity (rule 17). */
function isPlain(value: Value): boolean {
  if (isList(value)) return value.every(isPlain);
  return !(
    value instanceof DataReference ||
    value instanceof OutReference ||
    value instanceof NodeReference ||
    value instanceof RowValue
  );
}

function clausesOf({ transform, statement }: EvaluatedNode): readonly ResourcesClause[] {
  return [transform.resources, statement.resources].filter((clause) => clause !== undefined);
}

/** Whether all nodes of a statement have the same resources and retry. */
function clausesAreLiteral(node: EvaluatedNode): boolean {
  const resources = clausesOf(node).flatMap(({ entries }) => entries.map(({ value }) => value));
  const retry = [node.transform.retry, node.statement.retry].flatMap(
    (clause) =>
      clause?.entries.filter(({ name }) => name.text === "attempts").map(({ value }) => value) ?? [],
  );
  return [...resources, ...retry].every((value) => value.kind === "factor" || isLiteral(value));
}

function isLiteral(expression: Expression): boolean {
  switch (expression.kind) {
    case "null":
    case "boolean":
    case "number":
      return true;
    case "string":
      return expression.parts.every(({ kind }) => kind === "text");
    default:
      return false;
  }
}

function asksForSize(node: EvaluatedNode): boolean {
  let asks = false;
  for (const clause of clausesOf(node)) {
    walk(clause, (part) => {
      asks ||= part.kind === "call" && part.callee.text === "size";
      return !asks;
    });
  }
  return asks;
}
