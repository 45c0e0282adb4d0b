import type { CommandContext, PipelineOptions } from "./commands.js";
import { exitCodes } from "./exit.js";
import { open, refuseInvalid } from "./open.js";
import { writeJson } from "./text.js";

interface GraphOptions extends PipelineOptions {
  readonly format: "dot" | "mermaid" | "svg" | "json";
  readonly families?: true;
}

/** `reprod graph FILE` */
export async function run(context: CommandContext, file: string, options: GraphOptions): Promise<number> {
  const { terminal } = context;
  const opened = await open(context, file, options);
  if (refuseInvalid(terminal, opened, options.json === true)) return exitCodes.usage;
  const { graph } = opened;
  writeJson(terminal.out, {
    nodes: graph.nodes.map((node) => ({
      name: node.name,
      transform: node.transform.name,
      upstream: node.upstream.map((upstream) => upstream.name),
    })),
  });
  return exitCodes.done;
}
