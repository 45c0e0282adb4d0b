import * as path from "node:path";
import { unreachable } from "../base/failure.js";
import { cycle } from "../language/checks/cycle.js";
import { wrongType } from "../language/checks/wrong-type.js";
import type { PlacedProblem, RelatedPlace } from "../language/problems.js";
import type { Program, TransformSymbol } from "../language/program.js";
import { mostSimilar } from "../language/similar.js";
import type {
  BlockStatement,
  CheckStatement,
  Name,
  NodeStatement,
  ParamStatement,
  PublishStatement,
  TargetStatement,
} from "../language/syntax.js";
import { type Type, typeFromSyntax } from "../language/types.js";
import { Budget } from "./budget.js";
import { badValue } from "./checks/bad-value.js";
import { checkFailed } from "./checks/check-failed.js";
import { missingValue } from "./checks/missing-value.js";
import { coerce, fromJson, fromText, parsedJson } from "./coerce.js";
import { DataReferences } from "./data-references.js";
import { type Cell, type CellValue, Computed, Demand, Halt, type Site } from "./demand.js";
import { Expressions } from "./expressions.js";
import type { Facts } from "./facts.js";
import { Expander, Family } from "./families.js";
import type { Graph, GraphNode, Publication, Resources, ToolUse } from "./model.js";
import { NodeEvaluator } from "./node-evaluator.js";
import { type Draft, type EvaluatedNode, itemsOf, nodeOf, outKind } from "./nodes.js";
import { type Place, Reports, Trouble } from "./reports.js";
import { BlockScope, type StatementScope, shapeOf, TopScope } from "./scopes.js";
import { tableRows } from "./tables.js";
import { topologicalOrder } from "./topology.js";
import { LoweredTransform } from "./transforms.js";
import { DataReference, JsonValue, OutReference, type Value } from "./value.js";
import { valueText } from "./value-text.js";
import { describe, isList, valueFromJson } from "./values.js";

/** A value given from outside: `--set depth=60`, or a file of values. */
export interface SetValue {
  /**
   * `string`: as typed by a person, so text for String, File and Dir, `12 GiB` for Bytes, JSON for the rest (rule 15).
   * `json`: always JSON.
   */
  readonly kind: "string" | "json";
  readonly text: string;
  /** Absolute folder that relative paths in it start from; for `--set` the current directory. */
  readonly folder: string;
}

/** What keeps an evaluation finite (rule 5); reaching one is a problem, never a hang. */
export interface Limits {
  /** Nodes of the graph. */
  readonly nodes: number;
  /** Turns of \`for\` statements, all together. */
  readonly turns: number;
  /** Elements that lists, ranges and loops make, all together. */
  readonly elements: number;
  /** UTF-16 code units of texts that expressions make, all together. */
  readonly text: number;
}

export interface Settings {
  /** By name of the pipeline's param. */
  readonly values: ReadonlyMap<string, SetValue>;
  readonly limits?: Partial<Limits>;
  /** What `resources` are where neither transform nor node says. */
  readonly resources?: Partial<Resources>;
  /** What a param without value and default is: an error for a run (the default), `pending` for an editor. */
  readonly missingParams?: "problem" | "pending";
}

export interface Evaluation {
  /** Nodes that a problem or a pending fact touches are left out, with everything below them. */
  readonly graph: Graph;
  /** By path, then by place. */
  readonly problems: readonly PlacedProblem[];
  /** Facts that shape the graph and are not known yet, so that the graph is partial; each once. */
  readonly pending: readonly string[];
  /**
   * What a param, input or let of the file is, as one line for people; undefined for what has no value. Made when it is
   * asked for. (Not `valueOf`: every object has a function of that name.)
   */
  readonly valueText: (name: string) => string | undefined;
  /** How many rows a table of the file has; undefined for one that could not be read, or is not known yet. */
  readonly rowsOf: (table: string) => number | undefined;
}

/**
 * The graph that a checked pipeline file declares: every node with its arguments evaluated (language.md rules 6–20).
 * Pure: asks `facts` and nothing else. Grows linearly with nodes and edges, some 10 µs a node.
 */
export function evaluate(program: Program, settings: Settings, facts: Facts): Evaluation {
  return new Evaluator(program, settings, facts).evaluate();
}

class Evaluator {
  readonly #program: Program;
  readonly #settings: Settings;
  readonly #reports: Reports;
  readonly #budget: Budget;
  readonly #demand: Demand;
  readonly #data = new DataReferences();
  readonly #expressions: Expressions;
  readonly #expander: Expander;
  readonly #nodeEvaluator: NodeEvaluator;
  readonly #names = new Map<string, Cell<Value> | Family>();
  readonly #transforms = new Map<TransformSymbol, LoweredTransform | undefined>();
  /** Top-level statements by kind, with their scopes, in the order of the text. */
  readonly #blocks: { readonly statement: BlockStatement; readonly scope: TopScope }[] = [];
  readonly #targets: { readonly statement: TargetStatement; readonly scope: TopScope }[] = [];
  readonly #publish: { readonly statement: PublishStatement; readonly scope: TopScope }[] = [];
  #pipeline: string | undefined;

  constructor(program: Program, settings: Settings, facts: Facts) {
    this.#program = program;
    this.#settings = settings;
    this.#reports = new Reports(program);
    this.#budget = new Budget(settings.limits);
    this.#demand = new Demand((path) => this.#reportCycle(path));
    this.#expressions = new Expressions(this.#demand, this.#reports, this.#budget, facts, this.#data);
    this.#nodeEvaluator = new NodeEvaluator(
      program,
      this.#expressions,
      this.#reports,
      facts,
      settings.resources,
    );
    this.#expander = new Expander(
      this.#expressions,
      this.#reports,
      this.#budget,
      (statement) => this.#transformOf(statement),
      (node, scope) => this.#nodeEvaluator.draft(node, scope),
    );
  }

  evaluate(): Evaluation {
    this.#declare();
    this.#refuseUnknownSettings();
    const families: Family[] = [];
    for (const found of this.#names.values()) {
      if (found instanceof Family) families.push(found);
      else this.#demand.settle(found);
    }
    for (const family of families) this.#demand.settle(family.members);
    for (const { statement, scope } of this.#blocks) this.#check([statement], scope);
    const drafts = families.flatMap((family) => family.members.value?.list ?? []);
    for (const draft of drafts) this.#demand.settle(draft.inputs);
    const nodes = this.#finish(drafts);
    const graph = this.#graph(nodes, families);
    for (const draft of drafts) draft.node.draft = undefined;
    return { graph, problems: this.#reports.problems, pending: this.#reports.pending, ...this.#values() };
  }

  /** Holds on to values alone: the rows of tables, and all that evaluation needed, are let go of. */
  #values(): Pick<Evaluation, "valueText" | "rowsOf"> {
    const values = new Map<string, Value>();
    const rows = new Map<string, number>();
    for (const { statement } of this.#program.root.file.declarations) {
      if (!("name" in statement)) continue;
      const name = statement.name.text;
      const cell = this.#names.get(name);
      if (cell === undefined || cell instanceof Family || cell.value === undefined) continue;
      if (statement.kind === "table") rows.set(name, isList(cell.value) ? cell.value.length : 0);
      else values.set(name, cell.value);
    }
    const folder = path.dirname(this.#program.root.path);
    return {
      valueText: (name) => {
        const value = values.get(name);
        return value === undefined ? undefined : valueText(value, folder);
      },
      rowsOf: (table) => rows.get(table),
    };
  }

  /** Gives every top-level name its cell or family; of two with one name the first counts. */
  #declare(): void {
    const { path: file } = this.#program.root;
    const folder = path.dirname(file);
    for (const declaration of this.#program.root.file.declarations) {
      const { statement } = declaration;
      const scope = new TopScope({ path: file, folder, declaration }, this.#names);
      switch (statement.kind) {
        case "pipeline":
          this.#pipeline ??= statement.name.text === "" ? undefined : statement.name.text;
          break;
        case "param":
          this.#name(statement.name, scope, () => this.#param(statement, scope));
          break;
        case "input":
        case "let":
          this.#name(statement.name, scope, () => this.#expressions.evaluate(statement.value, scope));
          break;
        case "table":
          this.#name(statement.name, scope, () =>
            tableRows(statement, scope, this.#expressions, this.#reports),
          );
          break;
        case "node":
        case "for":
        case "if":
          this.#blocks.push({ statement, scope });
          for (const family of shapeOf([statement]).families) this.#family(family, statement, scope);
          break;
        case "check":
          this.#blocks.push({ statement, scope });
          break;
        case "target":
          this.#targets.push({ statement, scope });
          break;
        case "publish":
          this.#publish.push({ statement, scope });
          break;
        case "import":
        case "transform":
        case "unparsed":
          break;
        default:
          unreachable(statement);
      }
    }
  }

  #name({ text, span }: Name, { place }: TopScope, compute: () => Value): void {
    if (text === "" || this.#names.has(text)) return;
    this.#names.set(text, new Computed(text, compute, { place, span }));
  }

  #family(name: string, statement: BlockStatement, scope: TopScope): void {
    if (name === "") return;
    const found = this.#names.get(name);
    if (found !== undefined && !(found instanceof Family)) return;
    const family = found ?? new Family(name, (asked) => this.#expander.expand(asked));
    family.parts.push({ statement, scope });
    this.#names.set(name, family);
  }

  /** The value given from outside, else the default, else null where the type allows it. */
  #param(statement: ParamStatement, scope: TopScope): Value {
    const type = typeFromSyntax(statement.type);
    const name = statement.name.text;
    const given = this.#settings.values.get(name);
    if (given !== undefined) {
      const value = readSetting(given, type, this.#data);
      if (!(value instanceof Trouble)) return forPipeline(value);
      const rule = value.rule === wrongType ? badValue : value.rule;
      throw this.#expressions.failAt(statement.name.span, scope, {
        rule,
        message: `the value given for "${name}" cannot be used: ${value.message}`,
      });
    }
    if (statement.value !== undefined) {
      const value = coerce(this.#expressions.evaluate(statement.value, scope), type, outKind);
      if (value instanceof Trouble) throw this.#expressions.fail(statement.value, scope, value);
      return forPipeline(value);
    }
    if (type.kind === "optional") return null;
    const message = `no value is given for param "${name}"`;
    if (this.#settings.missingParams === "pending") this.#reports.wait(message);
    else this.#reports.add(scope.place, statement.name.span, missingValue, message);
    throw Halt.instance;
  }

  #refuseUnknownSettings(): void {
    const params = new Set<string>();
    for (const { statement } of this.#program.root.file.declarations)
      if (statement.kind === "param") params.add(statement.name.text);
    for (const name of this.#settings.values.keys()) {
      if (params.has(name)) continue;
      const similar = mostSimilar(name, params);
      const hint = similar === undefined ? "" : `, did you mean "${similar}"?`;
      const message = `the pipeline has no param of this name: "${name}"${hint}`;
      this.#reports.addAt(this.#program.root.path, { start: 0, end: 0 }, badValue, message);
    }
  }

  /** Evaluates every `let` and `check`, also those that no node asks for: what is wrong in them is wrong. */
  #check(statements: readonly BlockStatement[], scope: StatementScope): void {
    for (const statement of statements) {
      switch (statement.kind) {
        case "let": {
          const cell = scope instanceof BlockScope ? scope.letCell(statement.name.text) : undefined;
          if (cell !== undefined) this.#demand.settle(cell);
          break;
        }
        case "check":
          this.#settle(() => this.#checkStatement(statement, scope));
          break;
        case "for":
        case "if": {
          let turns: readonly BlockScope[] = [];
          const found = this.#settle(() => {
            turns = this.#expander.turns(statement, scope);
          });
          if (!found) break;
          for (const turn of turns) this.#check(turn.shape.checked, turn);
          break;
        }
        case "node":
          break;
        default:
          unreachable(statement);
      }
    }
  }

  #checkStatement(statement: CheckStatement, scope: StatementScope): void {
    if (this.#expressions.condition(statement.condition, scope)) return;
    const text =
      statement.message === undefined ? undefined : this.#expressions.evaluate(statement.message, scope);
    const message = typeof text === "string" ? text : "the condition is false";
    throw this.#expressions.fail(statement.condition, scope, { rule: checkFailed, message });
  }

  /** Runs what may ask for cells and halt; true when it came to its end. */
  #settle(run: () => void): boolean {
    return this.#demand.settle(
      new Computed("", () => {
        run();
        return true;
      }),
    );
  }

  #transformOf(statement: NodeStatement): LoweredTransform | undefined {
    const symbol = this.#program.root.transforms.get(statement.transform.text);
    if (symbol === undefined) return undefined;
    if (this.#transforms.has(symbol)) return this.#transforms.get(symbol);
    const { module, declaration } = symbol;
    const place: Place = { path: module, folder: path.dirname(module), declaration };
    const transform = new LoweredTransform(symbol, place);
    const tools = this.#expressions.attempt(() => this.#tools(transform, new TopScope(place, new Map())));
    if (tools !== undefined) transform.tools = tools;
    const usable = tools === undefined ? undefined : transform;
    this.#transforms.set(symbol, usable);
    return usable;
  }

  #tools({ symbol }: LoweredTransform, scope: TopScope): readonly ToolUse[] {
    const tools: ToolUse[] = [];
    for (const item of symbol.statement.items) {
      if (item.kind !== "tools") continue;
      for (const { name, also } of item.tools) {
        const files = also === undefined ? [] : this.#expressions.list(also, scope);
        tools.push({ name: name.text, also: files.filter((file) => file instanceof DataReference) });
      }
    }
    return tools;
  }

  /**
   * Orders the nodes upstream first, and otherwise as they were evaluated, and gives each its outs, staged ins and
   * resources in this order. Nodes that something is wrong with are left out with all below them.
   */
  #finish(drafts: readonly Draft[]): readonly EvaluatedNode[] {
    const nodes: EvaluatedNode[] = [];
    const order = topologicalOrder(
      drafts.map(({ node }) => node),
      (circle) => this.#reportNodeCycle(circle),
    );
    for (const node of order) {
      const { draft } = node;
      if (draft?.inputs.value === undefined) continue;
      if (!node.upstream.every(({ index }) => index >= 0)) continue;
      if (!this.#demand.settle(draft.rest)) continue;
      node.index = nodes.length;
      nodes.push(node);
    }
    return nodes;
  }

  #graph(nodes: readonly EvaluatedNode[], families: readonly Family[]): Graph {
    const data = new Set<DataReference>();
    for (const { tools } of new Set(nodes.map(({ transform }) => transform)))
      for (const { also } of tools) for (const file of also) data.add(file);
    for (const node of nodes) {
      for (const value of node.ins) {
        for (const { source } of itemsOf(value)) if (source instanceof DataReference) data.add(source);
      }
    }
    const members = new Map<string, readonly GraphNode[]>();
    for (const { name, members: cell } of families) {
      const drafts = cell.value?.list ?? [];
      members.set(
        name,
        drafts.map(({ node }) => node).filter(({ index }) => index >= 0),
      );
    }
    let byName: ReadonlyMap<string, GraphNode> | undefined;
    return {
      nodes,
      // Made when it is first asked for: a plan of all targets names no node.
      get byName() {
        byName ??= new Map(nodes.map((node) => [node.name, node]));
        return byName;
      },
      families: members,
      targets: this.#targetNodes(nodes),
      publish: this.#publications(),
      data: [...data],
      pipeline: this.#pipeline,
    };
  }

  #targetNodes(nodes: readonly EvaluatedNode[]): readonly EvaluatedNode[] {
    if (this.#targets.length === 0) {
      const used = new Uint8Array(nodes.length);
      for (const node of nodes) for (const upstream of node.upstream) used[upstream.index] = 1;
      return nodes.filter((node) => used[node.index] === 0);
    }
    const targets = new Set<EvaluatedNode>();
    for (const { statement, scope } of this.#targets) {
      for (const target of statement.targets) {
        this.#settle(() => {
          for (const { node } of this.#expressions.nodes(target, scope))
            if (node.index >= 0) targets.add(node);
        });
      }
    }
    return [...targets];
  }

  #publications(): readonly Publication[] {
    const publications: Publication[] = [];
    for (const { statement, scope } of this.#publish) {
      this.#settle(() => {
        const folder = this.#expressions.evaluate(statement.folder, scope);
        if (typeof folder !== "string") {
          const message = `a folder is a String, not ${describe(folder)}`;
          throw this.#expressions.fail(statement.folder, scope, { rule: wrongType, message });
        }
        const value = this.#expressions.evaluate(statement.value, scope);
        for (const item of isList(value) ? value : [value]) {
          if (item === null) continue;
          if (!(item instanceof OutReference)) {
            const message = `only outs of nodes are published, not ${describe(item)}`;
            throw this.#expressions.fail(statement.value, scope, { rule: wrongType, message });
          }
          const node = nodeOf(item);
          if (node.index >= 0)
            publications.push({
              node,
              out: item.index,
              folder: path.resolve(scope.place.folder, folder),
              statement,
            });
        }
      });
    }
    return publications;
  }

  #reportCycle(cells: readonly Cell<CellValue>[]): void {
    const sites = cells.flatMap(({ site, label }) => (site === undefined ? [] : [{ ...site, label }]));
    const [site] = sites;
    if (site === undefined) return;
    const labels = cells.map(({ label }) => label).filter((label) => label !== "");
    // The checker sees some circles in the text alone, and tells them at one of their members.
    if (sites.some(({ place }) => this.#reports.isKnownWrong(place))) return;
    const message = `this depends on itself: ${shownPath(labels)}`;
    this.#reports.add(site.place, site.span, cycle, message, relatedPlaces(sites));
  }

  #reportNodeCycle(circle: readonly EvaluatedNode[]): void {
    const sites = circle.map((node) => ({
      place: { path: node.module, folder: "", declaration: node.declaration },
      span: node.statement.name.span,
      label: node.name,
    }));
    const [site] = sites;
    if (site === undefined) return;
    const message = `this node depends on itself: ${shownPath(sites.map(({ label }) => label))}`;
    this.#reports.add(site.place, site.span, cycle, message, relatedPlaces(sites));
  }
}

/** A value of type Json is what it says where expressions read it. */
function forPipeline(value: Value): Value {
  return value instanceof JsonValue ? valueFromJson(value.value) : value;
}

function readSetting(given: SetValue, type: Type, data: DataReferences): Value | Trouble {
  const reader = { data, base: { kind: "folder", folder: given.folder } as const };
  if (given.kind === "string") return fromText(given.text, type, reader);
  const json = parsedJson(given.text);
  if (json === undefined) return new Trouble(badValue, `this is not JSON: ${JSON.stringify(given.text)}`);
  return fromJson(json.value, type, reader);
}

/** A circle of thousands is told by its beginning and its end. */
function shownPath(labels: readonly string[]): string {
  const shown = labels.length <= 12 ? labels : [...labels.slice(0, 6), "…", ...labels.slice(-5)];
  return [...shown, labels[0]].map((label) => `"${label}"`).join(" → ");
}

function relatedPlaces(sites: readonly (Site & { readonly label: string })[]): readonly RelatedPlace[] {
  return sites.slice(1, 10).map(({ place, span, label }) => ({
    path: place.path,
    span: { start: place.declaration.offset + span.start, end: place.declaration.offset + span.end },
    message: `by way of "${label}"`,
  }));
}
