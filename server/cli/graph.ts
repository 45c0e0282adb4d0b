import type { GraphNode } from "../graph/model.js";
import { viewOf } from "../graph/render/view.js";
import { planPipeline } from "../run/plan.js";
import type { CommandContext, PipelineOptions } from "./context.js";
import { exitCodes } from "./exit.js";
import { open, refuseInvalid } from "./open.js";
import { writeJson } from "./text.js";

interface GraphOptions extends PipelineOptions {
  readonly format: "dot" | "mermaid" | "svg" | "json";
  readonly families?: boolean;
  readonly states?: true;
}

/** `reprod graph FILE`. A renderer is loaded only when it draws: laying out a picture needs a library of its own. */
export async function run(context: CommandContext, file: string, options: GraphOptions): Promise<number> {
  const { terminal } = context;
  const { out } = terminal;
  const opened = await open(context, file, options);
  if (refuseInvalid(terminal, opened, options.json === true)) return exitCodes.usage;
  const { graph } = opened;
  const plan = options.states ? await planPipeline(opened) : undefined;
  const stateOf = plan && ((node: GraphNode) => plan.states.of(node).state);
  const view = () =>
    viewOf(graph, {
      ...(options.families !== undefined && { families: options.families }),
      ...(stateOf && { stateOf }),
    });
  switch (options.json ? "json" : options.format) {
    case "json": {
      const { jsonGraph } = await import("../graph/render/json.js");
      writeJson(out, jsonGraph(graph, stateOf));
      break;
    }
    case "dot": {
      const { dotText } = await import("../graph/render/dot.js");
      out.write(dotText(view()));
      break;
    }
    case "mermaid": {
      const { mermaidText } = await import("../graph/render/mermaid.js");
      out.write(mermaidText(view()));
      break;
    }
    case "svg": {
      const { svgText } = await import("../graph/render/svg.js");
      out.write(svgText(view()));
      break;
    }
  }
  return exitCodes.done;
}
