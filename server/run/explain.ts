import type { RecipeId } from "../base/brand.js";
import { unreachable } from "../base/failure.js";
import type { GraphNode, Recipe } from "../graph/model.js";
import { type Cause, causes, type Reason, type RecipeSource, reasonText } from "../graph/reason.js";
import { idsKnown } from "../graph/recipe.js";
import type { OpenedPipeline } from "./pipeline.js";
import { latestRuns, type NodeRun } from "./said.js";
import { type Earlier, type NodeState, readHistory, type StateName, States } from "./states.js";
import { resolveNode } from "./targets.js";
import { type Judged, otherBytes, reasonsSince, WhyTable } from "./why.js";

/** The structured answer to `reprod explain FILE NODE`. */
export interface Explanation {
  readonly node: string;
  readonly state: StateName;
  readonly recipe: RecipeId | undefined;
  /** What the reasons compare with: the recipe that the node had the last time that a run had it. */
  readonly earlier: { readonly recipe: RecipeId; readonly run: string | undefined } | undefined;
  /** What is different in the node itself, in sentences; with line differences of the script where it changed. */
  readonly reasons: readonly ExplainedReason[];
  /** From each first cause down to this node: the cause first. */
  readonly causes: readonly {
    readonly path: readonly string[];
    readonly state: StateName;
    readonly reasons: readonly ExplainedReason[];
  }[];
  /** What the newest run says of it as it is now; undefined when no run says anything that still counts (B2). */
  readonly run: NodeRun | undefined;
  /** What a run of this node would do, in one sentence. */
  readonly outlook: string;
}

export interface ExplainedReason {
  readonly text: string;
  /** Lines that start with `+`, `-`, `@` or a space. */
  readonly difference: readonly string[] | undefined;
}

/** Why a node has its state, down from the first causes. Throws `Failure` `unknown-target` for no such node. */
export async function explainNode(opened: OpenedPipeline, name: string): Promise<Explanation> {
  const node = resolveNode(opened.graph, name);
  const states = await States.look(opened);
  const judged = { opened, states };
  const state = states.of(node);
  const ids = opened.identifier.ids(node);
  const earlier = await earlierOf(opened, node, state);
  const recipe = idsKnown(ids) ? ids.recipe : undefined;
  const differences = state.state === "cached" ? [] : ((await reasonsSince(opened, node, earlier)) ?? []);
  const own = differences.filter(({ kind }) => kind !== "upstream").map(explained);
  const found = await causes(differences, recipeSource(opened));
  return {
    node: node.name,
    state: state.state,
    recipe,
    earlier: earlier && { recipe: earlier.line.recipe, run: earlier.run },
    reasons: own.length > 0 || found.length > 0 ? own : await plainReasons(judged, node, state),
    causes: found.map((cause) => explainedCause(judged, node, cause)),
    run: (await latestRuns(opened, [{ node, state, recipe }])).get(node.name),
    outlook: outlookOf(state),
  };
}

/** States that compare with nothing (broken, other bytes) are told with what the node had before all the same. */
async function earlierOf(
  opened: OpenedPipeline,
  node: GraphNode,
  state: NodeState,
): Promise<Earlier | undefined> {
  if (state.state === "cached") return undefined;
  const known = "earlier" in state ? state.earlier : undefined;
  return known ?? (await readHistory(opened, new Set([node.name]))).get(node.name);
}

async function plainReasons(
  judged: Judged,
  node: GraphNode,
  state: NodeState,
): Promise<readonly ExplainedReason[]> {
  const texts =
    state.state === "stale" && state.cause === "other-bytes"
      ? (await otherBytes(judged, node)).map(
          (name) => `upstream \`${name}\` gave other bytes for the same recipe`,
        )
      : await new WhyTable(judged).of(node);
  return texts.map((text) => ({ text, difference: undefined }));
}

function explained(reason: Reason): ExplainedReason {
  return { text: reasonText(reason), difference: reason.kind === "script" ? reason.lines : undefined };
}

function explainedCause(
  { opened, states }: Judged,
  node: GraphNode,
  cause: Cause,
): Explanation["causes"][number] {
  const nodes = cause.path.map((recipe) => nodeOfRecipe(opened, recipe));
  const first = nodes[0];
  return {
    path: [...nodes.map((above) => above?.name ?? "a node that is gone"), node.name],
    state: first === undefined ? "unknown" : states.of(first).state,
    reasons: cause.reasons?.map(explained) ?? [
      { text: "what it was made of before is no longer stored", difference: undefined },
    ],
  };
}

function recipeSource(opened: OpenedPipeline): RecipeSource {
  return {
    before: async (id) => (await opened.store.readRecord(id))?.recipe,
    after: async (id): Promise<Recipe | undefined> => {
      const node = nodeOfRecipe(opened, id);
      const recipe = node && opened.identifier.recipe(node);
      return recipe === undefined || "unknown" in recipe ? undefined : recipe;
    },
  };
}

const recipeNodes = new WeakMap<OpenedPipeline, ReadonlyMap<RecipeId, GraphNode>>();

function nodeOfRecipe(opened: OpenedPipeline, recipe: RecipeId): GraphNode | undefined {
  let nodes = recipeNodes.get(opened);
  if (nodes === undefined) {
    const made = new Map<RecipeId, GraphNode>();
    for (const node of opened.graph.nodes) {
      const ids = opened.identifier.ids(node);
      if (idsKnown(ids) && !made.has(ids.recipe)) made.set(ids.recipe, node);
    }
    nodes = made;
    recipeNodes.set(opened, nodes);
  }
  return nodes.get(recipe);
}

function outlookOf(state: NodeState): string {
  switch (state.state) {
    case "cached":
      return state.by === "recipe"
        ? "A run uses the stored result."
        : "A run uses a stored result that was made from the same bytes under another recipe.";
    case "stale":
      return "A run makes it again, once everything that it reads is there.";
    case "waiting":
      return "A run makes what it waits for first; when that gives the same bytes as before, the stored result is used again.";
    case "missing":
      return "A run makes it.";
    case "broken":
      return "A run makes it again if anything needs it, and replaces the broken result.";
    case "unknown":
      return "A run cannot say until its inputs have digests.";
    default:
      return unreachable(state);
  }
}
