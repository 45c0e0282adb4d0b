import { inlayHints } from "../../../server/features/inlay-hints.js";
import { lenses } from "../../../server/features/lenses.js";
import {
  countStates,
  type KnownNode,
  type NodeStates,
  type Summary,
} from "../../../server/features/node-states.js";
import { stateMarks } from "../../../server/features/state-marks.js";
import { evaluate } from "../../../server/graph/evaluate.js";
import type { Graph, GraphNode } from "../../../server/graph/model.js";
import type { DataPlace } from "../../../server/graph/value.js";
import { type ShownState, type StateCounts, shownStates, stateSigns } from "../../../server/protocol.js";
import { goldenLater } from "../../lsp/units/golden-later.js";
import { cursorDocument } from "../../support/cursor-document.js";
import { MemoryFacts } from "../../support/facts.js";

interface Given {
  readonly state: ShownState;
  readonly why: string | undefined;
}

/** States as a fixture says them, in place of those that a look at a store gives. */
class GivenStates implements NodeStates {
  readonly #given = new Map<string, Given>();

  constructor(
    readonly graph: Graph,
    lines: readonly string[],
  ) {
    for (const line of lines) {
      const [, name = "", state, why] = /^(.+?) is (\w+)(?:: (.*))?$/.exec(line) ?? [];
      const known = shownStates.find((one) => one === state);
      if (known === undefined || !(graph.byName.has(name) || graph.families.has(name)))
        throw new Error(`not understood: ${line}`);
      for (const node of graph.families.get(name) ?? []) this.#given.set(node.name, { state: known, why });
      this.#given.set(name, { state: known, why });
    }
  }

  of(node: GraphNode): KnownNode {
    const { state, why } = this.#given.get(node.name) ?? { state: "cached", why: undefined };
    return { state, why, toRun: state !== "cached", run: undefined, recipe: undefined };
  }

  ofStatement(statement: GraphNode["statement"]): Summary | undefined {
    return this.ofFamily(statement.name.text);
  }

  ofFamily(name: string): Summary | undefined {
    const nodes = this.graph.families.get(name);
    if (nodes === undefined) return undefined;
    const known = nodes.map((node) => this.of(node));
    const worst = shownStates.find((state) => known.some((one) => one.state === state));
    const why = known.find((one) => one.state === worst && one.why !== undefined)?.why;
    return { nodes: nodes.length, counts: countStates(known.map(({ state }) => state)), why };
  }

  get reach(): StateCounts {
    return countStates(this.restingOn(this.graph.targets).map((node) => this.of(node).state));
  }

  restingOn(targets: readonly GraphNode[]): readonly GraphNode[] {
    const seen = new Set<GraphNode>(targets);
    for (const node of seen) for (const upstream of node.upstream) seen.add(upstream);
    return [...seen];
  }
}

/** Above each line its lenses, at its start the sign of its gutter, behind it its hints; then what is said aloud. */
async function draw(fixture: string): Promise<string> {
  const { document, files } = cursorDocument(fixture);
  const lines = (files.get("states") ?? "").split("\n").filter((line) => line !== "");
  const rest = (word: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  const facts = new MemoryFacts({
    files: Object.fromEntries([...files].map(([name, text]) => [`/${name}`, text])),
    images: Object.fromEntries(rest("image").map((line) => line.split(" -> "))),
  });
  const { graph, problems } = evaluate(document.program, { values: new Map() }, facts);
  const wrong = [...document.program.problems, ...problems].filter(({ rule }) => rule.severity === "error");
  if (wrong.length > 0) throw new Error(wrong.map(({ message }) => message).join("\n"));
  const states = new GivenStates(
    graph,
    lines.filter((line) => / is \w/.test(line)),
  );
  const [estimate] = rest("estimate").map(Number);
  const canRun = !lines.includes("no trust");
  const shown = await lenses(
    document,
    states,
    async (_key, nodes) => {
      const all = states.restingOn(nodes);
      return {
        toRun: all.filter((node) => states.of(node).toRun).length,
        all: all.length,
        estimate:
          estimate === undefined ? undefined : { lowMilliseconds: estimate, highMilliseconds: estimate },
      };
    },
    canRun,
  );
  const data = new Map(graph.data.map((one) => [placeName(one.place), one]));
  const hints = inlayHints(document, { start: 0, end: document.text.length }, states, {
    facts,
    data: (place) => data.get(place),
    resolve: (text) => (text.includes("://") ? text : `/${text}`),
    platform: "linux/amd64",
  });
  const marks = stateMarks(document, states);
  const drawn: string[] = [];
  for (const [line, text] of document.text.trimEnd().split("\n").entries()) {
    const titles = shown
      .filter(({ range }) => range.start.line === line)
      .map(({ command }) => `${command?.title} (${command?.command.slice("reprod.".length)})`);
    if (titles.length > 0) drawn.push(`      ${titles.join(" | ")}`);
    const mark = marks.find(({ range }) => range.start.line === line);
    const behind = hints.filter(({ position }) => position.line === line).map(({ label }) => `   «${label}»`);
    drawn.push(`${mark === undefined ? " " : stateSigns[mark.state]} | ${text}${behind.join("")}`.trimEnd());
  }
  const aloud = marks.map(({ family, text }) => `${family}: ${text}`);
  return [...drawn, "", ...aloud].join("\n");
}

function placeName(place: DataPlace): string {
  return place.kind === "local" ? place.path : place.url;
}

goldenLater("test/features/states", draw);
