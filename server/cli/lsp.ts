import { createRequire } from "node:module";
import { bundlePath } from "../base/bundle.js";
import type { CommandContext } from "./context.js";

/**
 * `reprod lsp --stdio`: the language server, for editors that start one. It is a bundle of its own, so that no other
 * command carries it, and reads from this process's arguments how it is spoken to. It ends the process by itself.
 */
export function run(_context: CommandContext): Promise<number> {
  const main = bundlePath("main");
  createRequire(main)(main);
  return new Promise(() => {});
}
