import type { TransformSymbol } from "../language/program.js";
import type {
  EnvClause,
  Expression,
  NodeStatement,
  ResourcesClause,
  RetryClause,
  RunClause,
  StringTemplate,
  TransformStatement,
} from "../language/syntax.js";
import { type Type, typeFromSyntax, withoutNull } from "../language/types.js";
import type { GraphTransform, Interpreter, NodeOut, ToolUse, TransformIn } from "./model.js";
import type { Place } from "./reports.js";

export interface LoweredParam {
  readonly name: string;
  readonly type: Type;
  readonly value: Expression | undefined;
}
export interface LoweredIn extends TransformIn {
  readonly value: Expression | undefined;
  /** The staged name that `as` fixes. */
  readonly stagedAs: string | undefined;
}
export interface LoweredOut {
  readonly name: string;
  readonly kind: NodeOut["kind"];
  readonly optional: boolean;
  /** Of a glob: its pattern. */
  readonly path: Expression;
}
export interface TransformMember {
  readonly kind: "in" | "param" | "out";
  /** Position among its kind. */
  readonly index: number;
}

/** A transform's text, sorted into what its nodes need; made once for a transform. */
export class LoweredTransform implements GraphTransform {
  readonly name: string;
  readonly image: string | undefined;
  readonly interpreter: Interpreter;
  readonly script: string;
  readonly params: readonly LoweredParam[];
  readonly ins: readonly LoweredIn[];
  readonly outs: readonly LoweredOut[];
  /** Ins, params and outs share one namespace (rule 10). */
  readonly members: ReadonlyMap<string, TransformMember>;
  readonly env: EnvClause | undefined;
  readonly resources: ResourcesClause | undefined;
  readonly retry: RetryClause | undefined;
  readonly network: boolean;
  readonly userImage: boolean;
  /** Set before any node of it is made. */
  tools: readonly ToolUse[] = [];
  /** The outs of every node, when no node's differ: a hundred thousand nodes then share one list. */
  sharedOuts: readonly NodeOut[] | undefined;

  constructor(
    readonly symbol: TransformSymbol,
    readonly place: Place,
  ) {
    const { statement } = symbol;
    this.name = statement.name.text;
    const params: LoweredParam[] = [];
    const ins: LoweredIn[] = [];
    const outs: LoweredOut[] = [];
    const members = new Map<string, TransformMember>();
    for (const item of statement.items) {
      if (item.kind !== "in" && item.kind !== "param" && item.kind !== "out") continue;
      const name = item.name.text;
      if (name === "" || members.has(name)) continue;
      const type = typeFromSyntax(item.type);
      if (item.kind === "param") {
        members.set(name, { kind: "param", index: params.length });
        params.push({ name, type, value: item.value });
      } else if (item.kind === "in") {
        members.set(name, { kind: "in", index: ins.length });
        const stagedAs = item.stagedAs === undefined ? undefined : constantText(item.stagedAs);
        ins.push({ name, type, value: item.value, stagedAs });
      } else {
        members.set(name, { kind: "out", index: outs.length });
        outs.push(loweredOut(name, type, item.value));
      }
    }
    this.params = params;
    this.ins = ins;
    this.outs = outs;
    this.members = members;
    const image = first(statement, "image");
    this.image = image === undefined ? undefined : constantText(image.reference);
    this.env = first(statement, "env");
    this.resources = first(statement, "resources");
    this.retry = first(statement, "retry");
    this.network = first(statement, "network")?.allowed ?? false;
    this.userImage = first(statement, "user") !== undefined;
    const run = first(statement, "run");
    this.interpreter = run === undefined ? { kind: "sh", command: ["sh"] } : interpreterOf(run);
    // One text for one script, whatever line ends an editor writes (A5).
    this.script = (run?.script ?? "").replace(/^\ufeff/, "").replace(/\r\n/g, "\n");
  }
}

function loweredOut(name: string, type: Type, value: Expression): LoweredOut {
  const optional = type.kind === "optional";
  const inner = withoutNull(type);
  if (value.kind === "call" && value.callee.text === "glob")
    return { name, kind: "glob", optional, path: value.arguments[0]?.value ?? value };
  return {
    name,
    kind: inner.kind === "list" ? "glob" : inner.kind === "dir" ? "dir" : "file",
    optional,
    path: value,
  };
}

type ItemOf<K extends TransformStatement["items"][number]["kind"]> = Extract<
  TransformStatement["items"][number],
  { kind: K }
>;

function first<K extends TransformStatement["items"][number]["kind"]>(
  statement: TransformStatement,
  kind: K,
): ItemOf<K> | undefined {
  return statement.items.find((item): item is ItemOf<K> => item.kind === kind);
}

/** The text of a string that may not interpolate; the checker reports those that do. */
function constantText(template: StringTemplate): string {
  return template.parts.map((part) => (part.kind === "text" ? part.value : "")).join("");
}

function interpreterOf(run: RunClause): Interpreter {
  if (run.quoted) {
    const command = run.interpreter.split(/\s+/).filter((word) => word !== "");
    return { kind: "other", command };
  }
  switch (run.interpreter) {
    case "bash":
      return { kind: "bash", command: ["bash"] };
    case "python":
      return { kind: "python", command: ["python3"] };
    case "r":
      return { kind: "r", command: ["Rscript"] };
    case "node":
      return { kind: "node", command: ["node"] };
    default:
      return { kind: "sh", command: ["sh"] };
  }
}

/** What a node statement gives to each param and in of its transform, by position. */
export interface ArgumentPlan {
  readonly params: readonly (Expression | undefined)[];
  readonly ins: readonly (Expression | undefined)[];
}

export function argumentPlan(statement: NodeStatement, transform: LoweredTransform): ArgumentPlan {
  const given = new Map(statement.arguments.map((argument) => [argument.name.text, argument.value]));
  return {
    params: transform.params.map(({ name }) => given.get(name)),
    ins: transform.ins.map(({ name }) => given.get(name)),
  };
}
